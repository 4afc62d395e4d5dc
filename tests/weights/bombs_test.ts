// stock: no, it tests files, not the kernels
/** Pickles that would run something, or that take far more than their file: nothing runs, all is bounded. */

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { openCheckpointIn } from "../../src/weights/open.ts";
import { countingSource } from "./fixtures.ts";

const folder = new URL("../data/cases/", import.meta.url);
const { files } = JSON.parse(
  await Deno.readTextFile(new URL("cases.json", folder)),
) as { files: { file: string; kind: string }[] };

/** Reads a file's tensors, all that can be read, and counts. */
async function effort(file: string) {
  const packed = await Deno.readFile(new URL(`${file}.gz`, folder));
  const source = await countingSource(new Uint8Array(gunzipSync(packed)));
  let tensors = 0, characters = 0, elements = 0, read = 0;
  const bytes = () => source.reads.reduce((sum, { length }) => sum + length, 0);
  try {
    const checkpoint = await openCheckpointIn(source);
    read = bytes();
    for (const name of checkpoint.tensors.keys()) {
      tensors++;
      characters += name.length;
      try {
        elements = Math.max(elements, (await checkpoint.read(name)).length);
      } catch (error) {
        assert(error instanceof SyntaxError, `${file}: ${error}`);
      }
    }
  } catch (error) {
    assert(error instanceof SyntaxError, `${file}: ${error}`);
  }
  return {
    size: source.size,
    read: read || bytes(),
    tensors,
    characters,
    elements,
  };
}

for (const kind of ["bombs", "evil"]) {
  Deno.test(`${kind}: work and memory are bounded by the file`, async () => {
    for (const { file } of files.filter((file) => file.kind === kind)) {
      const { size, read, tensors, characters, elements } = await effort(file);
      assert(read <= 8 * size + 1e6, `${file}: ${read} of ${size} bytes read`);
      assert(tensors <= size, `${file}: ${tensors} tensors`);
      assert(characters <= 2 ** 25, `${file}: ${characters} characters`);
      assert(elements <= 4 * size + 2 ** 24, `${file}: ${elements} elements`);
    }
  });
}

Deno.test("a file of weights starts no process and touches no other file", async () => {
  // Without permissions but for reading the cases, whatever a pickle calls.
  const script = `
    import { gunzipSync } from "node:zlib";
    import { openCheckpoint } from ${
    JSON.stringify(new URL("../../src/weights/open.ts", import.meta.url).href)
  };
    for (const file of ${
    JSON.stringify(
      files.filter(({ kind }) => kind === "evil").map(({ file }) => file),
    )
  }) {
      const packed = await Deno.readFile(new URL(file + ".gz", ${
    JSON.stringify(folder.href)
  }));
      await openCheckpoint(new Uint8Array(gunzipSync(packed))).catch((error) => {
        if (error.name !== "SyntaxError") throw error;
      });
    }
    console.log("read");`;
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
      `--allow-read=${new URL("../..", import.meta.url).pathname}`,
      `data:text/javascript,${encodeURIComponent(script)}`,
    ],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(text(stdout), "read\n", text(stderr));
});
