/** Operands and outputs, the same in every command. Files are written below `out/test`. */

import assert from "node:assert/strict";
import { main } from "../../src/cli/mod.ts";
import { tiny } from "../extract/support.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "../weights/pth_writer.ts";
import {
  chelsea,
  cliTest,
  fail,
  images,
  rocket,
  run,
  succeed,
} from "./support.ts";

/** A small network with a head. */
async function network(folder: string): Promise<string[]> {
  const checkpoint = formulaCheckpoint({ ...tiny, numClasses: 3 });
  const path = `${folder}/tiny.pth`;
  await writePth(checkpoint, path);
  return ["--weights", path];
}

cliTest(
  "a picture that can't be read doesn't cost the others' answers",
  async (folder) => {
    const weights = await network(folder);
    const damaged = `${folder}/damaged.png`;
    await Deno.writeFile(damaged, (await Deno.readFile(chelsea)).slice(0, 999));
    const operands = [rocket, "no.png", chelsea, damaged];
    const features = `${folder}/f.parquet`;
    await succeed(...[
      "extract",
      ...images,
      "--layer",
      "avgpool",
      "--out",
      features,
    ], ...weights);
    const reasons = (rest = "") =>
      new RegExp(
        '^layertap: cannot open "no.png": there is no such file\n' +
          'layertap: cannot decode ".*damaged.png".*: .*\n' +
          `layertap: 2 of 4 pictures failed${rest}\n$`,
      );

    const classify = await run(["classify", ...operands, ...weights]);
    assert.equal(classify.status, 1);
    assert.match(classify.stderr, reasons());
    assert.deepEqual(classify.stdout.match(/^examples.*$/gm), [
      rocket,
      chelsea,
    ]);
    const json = await run(["classify", ...operands, ...weights, "--json"]);
    const results: { image: string; error?: string }[] = JSON.parse(
      json.stdout,
    );
    assert.deepEqual(results.map(({ image }) => image), operands);
    assert.deepEqual(results.map(({ error }) => error !== undefined), [
      false,
      true,
      false,
      true,
    ]);

    const similar = await run([
      "similar",
      ...operands,
      "--in",
      features,
      ...weights,
    ]);
    assert.equal(similar.status, 1);
    assert.match(similar.stderr, reasons());
    assert.deepEqual(similar.stdout.match(/^examples.*$/gm), [rocket, chelsea]);

    for (
      const [command, ending, ...layer] of [["report", "html"], [
        "picture",
        "png",
        "--layer",
        "layer1",
      ]]
    ) {
      const out = `${folder}/${command}s/`;
      const { status, stdout, stderr } = await run([
        command,
        ...operands,
        "--out",
        out,
        ...layer,
        ...weights,
      ]);
      assert.equal(status, 1);
      assert.match(stderr, reasons());
      assert.deepEqual(stdout.match(/^.*(?:html|png)/gm), [
        `${out}rocket.${ending}`,
        `${out}chelsea.${ending}`,
      ]);
      const files = (await Array.fromAsync(Deno.readDir(out))).map(({ name }) =>
        name
      );
      assert.deepEqual(files.sort(), [`chelsea.${ending}`, `rocket.${ending}`]);
    }

    const extract = await run([
      "extract",
      ...operands,
      "--layer",
      "conv1",
      "--out",
      `${folder}/g.npz`,
      ...weights,
    ]);
    assert.equal(extract.status, 1);
    assert.match(extract.stderr, reasons('; ".*g.npz" has the others'));
  },
);

cliTest(
  "folders: in every command; one that can't be listed isn't the end",
  async (folder) => {
    const weights = await network(folder);
    const photos = `${folder}/photos`;
    for (const name of ["a", "b", "locked"]) {
      await Deno.mkdir(
        `${photos}/${name}`,
        { recursive: true },
      );
    }
    await Deno.copyFile(chelsea, `${photos}/a/one.png`);
    await Deno.copyFile(rocket, `${photos}/b/one.jpg`);
    await Deno.mkdir(`${folder}/empty`);
    const text = await succeed("classify", photos, ...weights);
    assert.deepEqual(text.match(/^\S+one.*$/gm), [
      `${photos}/a/one.png`,
      `${photos}/b/one.jpg`,
    ]);
    // Of two pictures with one name, the second gets a number.
    const out = `${folder}/maps/`;
    const drawn = await succeed(
      "picture",
      photos,
      "--layer",
      "layer1",
      "--out",
      out,
      ...weights,
    );
    assert.match(drawn, /one\.png: \d.*\n.*one-2\.png: /);

    const { status, stdout, stderr } = await run([
      "classify",
      `${folder}/empty`,
      photos,
      ...weights,
    ]);
    assert.equal(status, 1);
    assert.equal(stdout, text);
    assert.match(
      stderr,
      /^layertap: no pictures in ".*empty"; .*\nlayertap: 1 folder or glob gave no pictures\n$/,
    );
    for (
      const command of ["classify", "picture", "report", "similar", "extract"]
    ) {
      const needed = {
        classify: [],
        picture: ["--layer", "layer1", "--out", out],
        report: ["--out", out],
        similar: ["--in", "f.npz"],
        extract: ["--layer", "layer1", "--out", `${folder}/f.npz`],
      }[command]!;
      await fail(
        [command, `${folder}/empty`, ...needed, ...weights],
        1,
        /^no pictures in ".*empty"; /,
      );
    }

    const locked = await new Deno.Command("deno", {
      args: [
        ...["run", "--no-prompt", "--no-check", "--allow-read"],
        ...[`--deny-read=${photos}/locked`, "src/cli/mod.ts"],
        ...["classify", photos, ...weights],
      ],
    }).output();
    const [said, errors] = [locked.stdout, locked.stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    assert.equal(locked.code, 1);
    assert.equal(said, text);
    assert.match(
      errors,
      /^layertap: cannot list ".*locked": .*\nlayertap: 1 folder or glob gave no pictures\n$/,
    );
  },
);

cliTest("--out -: on stdout, and the line on stderr", async (folder) => {
  const weights = await network(folder);
  const piped = async (...args: string[]) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let stderr = "";
    const status = await main([...args, ...weights], {
      stdout: {
        write: (content) =>
          chunks.push(
            typeof content === "string"
              ? new TextEncoder().encode(content)
              : new Uint8Array(content),
          ),
      },
      stderr: { write: (text) => stderr += text },
    });
    assert.equal(status, 0, stderr);
    return { bytes: await new Blob(chunks).bytes(), stderr };
  };
  for (
    const [end, ...args] of [
      [".png", "picture", chelsea, "--layer", "layer1"],
      [".html", "report", chelsea],
      [".jsonl", "extract", rocket, chelsea, "--layer", "layer1,avgpool"],
      [
        ".jsonl",
        "extract",
        rocket,
        "--layer",
        "avgpool",
        "--dtype",
        "f16",
        "--json-values",
        "plain",
      ],
      [".jsonl", "extract", rocket, "--layer", "avgpool", "--dtype", "f16"],
    ]
  ) {
    const file = `${folder}/out${end}`;
    await succeed(...args, "--out", file, ...weights);
    const { bytes, stderr } = await piped(...args, "--out", "-");
    assert.deepEqual(bytes, await Deno.readFile(file));
    assert.match(stderr, /^stdout: [^\n]+\n$/);
  }
  let packed = new Uint8Array();
  let line = "";
  await main(["convert", weights[1], "-"], {
    stdout: { write: (content) => packed = content as typeof packed },
    stderr: { write: (text) => line += text },
  });
  await succeed("convert", weights[1], `${folder}/copy.npz`);
  assert.deepEqual(packed, await Deno.readFile(`${folder}/copy.npz`));
  assert.match(line, /^stdout: \d+ bytes, int8\n$/);
});

cliTest("extract: Ctrl+C says how to resume", async (folder) => {
  const weights = await network(folder);
  const out = `${folder}/f.npz`;
  const many = Array.from({ length: 64 }, (_, i) => images[i % 4]);
  const extract = [
    "extract",
    ...many,
    "--layer",
    "layer1",
    "--out",
    out,
    ...weights,
  ];
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-read",
      "--allow-write",
      "src/cli/mod.ts",
      ...extract,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const text = Array.fromAsync(
    child.stderr.pipeThrough(new TextDecoderStream()),
  );
  child.stdout.cancel();
  const part = `${out}.part/0.bin`;
  while (!await Deno.stat(part).catch(() => undefined)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert.equal(
    (await text).join(""),
    "layertap: stopped; add --resume to the same command to continue\n",
  );
  const { rows } = await rowsIn(`${out}.part/journal`);
  assert(rows > 0 && rows < many.length, `${rows}`);
  await fail(extract, 1, /holds an unfinished run; resume it/);
  const said = await succeed(...extract, "--resume");
  assert.equal(said, `${out}: 64 pictures, layer1\n`);
});

async function rowsIn(journal: string): Promise<{ rows: number }> {
  const lines = (await Deno.readTextFile(journal)).trimEnd().split("\n");
  const rows = lines.flatMap((line) =>
    JSON.parse(line.slice(line.indexOf(" "))).rows ?? []
  );
  return { rows: rows.length };
}
