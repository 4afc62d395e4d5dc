// stock: no, the networks run in other processes
/** The commands of docs/serve.md work as written. */

import assert from "node:assert/strict";
import { decodeImage } from "../../mod.ts";
import { lines } from "../../src/formats/lines.ts";
import { relativeError } from "../support/close.ts";
import { fencedBlocks } from "../support/fenced_blocks.ts";

const page = await Deno.readTextFile("docs/serve.md");
const [script] = fencedBlocks(page, "sh");
const commands = script.trim().split("\n");

/** Does the same as `curl -F image=@FILE 'URL'`, at another origin. */
async function curl(command: string, origin: string): Promise<Response> {
  const [, file, url] = /^curl -F image=@(\S+) '(\S+?)'/.exec(command)!;
  const form = new FormData();
  form.append("image", new File([await Deno.readFile(file)], file));
  const { pathname, search } = new URL(url);
  return await fetch(origin + pathname + search, {
    method: "POST",
    body: form,
  });
}

Deno.test("docs/serve.md: a server, features and a picture", async () => {
  assert.equal(commands.length, 3);
  const [deno, ...args] = commands[0].replace("8000", "0").split(" ").slice(2);
  assert.match(deno, /^deno@/);
  const process = new Deno.Command("deno", {
    args,
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said: string[] = [];
  let origin: string | undefined;
  const errors = lines(process.stderr);
  while (!origin) {
    const { value, done } = await errors.next();
    assert(!done, said.join("\n"));
    said.push(value);
    origin = /listening on (http:\S+)/.exec(value)?.[1];
  }
  try {
    const features = await curl(commands[1], origin);
    const { pictures: [picture] } = await features.json();
    assert.equal(picture.name, "examples/images/chelsea.png");
    assert.deepEqual(Object.keys(picture.features), ["layer4", "flatten"]);
    const { layer4, flatten } = picture.features;
    assert(relativeError(layer4, flatten) < 1e-6);
    const drawn = await curl(commands[2], origin);
    const { width, data } = await decodeImage(await drawn.bytes());
    assert(width > 500 && data.some((value) => value !== data[0]));
  } finally {
    process.kill("SIGINT");
  }
  assert.deepEqual(await Array.fromAsync(errors), []);
  await process.status;
});

Deno.test("docs/serve.md: limits and parameters are up to date", async () => {
  const { openApi } = await import("../../src/serve/openapi.ts");
  for (const [path, methods] of Object.entries(openApi.paths as object)) {
    const [[method, { parameters }]] = Object.entries(
      methods as Record<string, { parameters: { name: string }[] }>,
    );
    const row = page.split("\n").find((line) =>
      line.startsWith(`| \`${method.toUpperCase()} ${path}\``)
    );
    assert(row, `${path} is not in the table`);
    for (const { name } of parameters) {
      const inText = name === "exifOrientation"; // Of every path with pictures.
      assert((inText ? page : row).includes(`\`${name}\``), name);
    }
  }
  const { withDefaults } = await import("../../src/serve/options.ts");
  const { limits, batchSize } = withDefaults({});
  for (const [name, value] of Object.entries({ ...limits, batchSize })) {
    const [, said, unit] = new RegExp(
      `^\\| \`${name}\` *\\| ([\\d.]+) ?(\\w*)`,
      "m",
    )
      .exec(page)!;
    const factor = { MiB: 1 << 20, million: 1e6, "": 1 }[unit];
    assert.equal(Number(said) * factor!, value, name);
  }
});
