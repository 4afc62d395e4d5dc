/** Sources of bytes: random access within the file, and nothing beyond. */

import assert from "node:assert/strict";
import { openByteSource, readBytes } from "../../src/runtime/open_source.ts";

const path = "tests/data/weights/state_dict.pth";
const bytes = await Deno.readFile(path);

Deno.test("openByteSource reads copies, and never beyond the end", async () => {
  for (const given of [path, bytes, new Blob([bytes])]) {
    const source = await openByteSource(given);
    assert.equal(source.size, bytes.length);
    const part = await source.read(100, 50);
    assert.deepEqual(part, bytes.slice(100, 150));
    part.fill(0);
    assert.deepEqual(await source.read(100, 50), bytes.slice(100, 150));
    assert.equal((await source.read(bytes.length, 0)).length, 0);
    for (const [offset, length] of [[bytes.length - 1, 2], [-1, 1], [0, -1]]) {
      await assert.rejects(async () => await source.read(offset, length), {
        name: "SyntaxError",
        message:
          `cannot read "${source.name}": expected ${length} bytes at byte ${offset}, got a file of ${bytes.length}`,
      });
    }
    source.close();
    source.close();
  }
});

Deno.test("readBytes refuses a file of 3 GB before it reads any of it", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/large.png`;
  try {
    await Deno.writeFile(path, new Uint8Array());
    await Deno.truncate(path, 3 * 2 ** 30); // It takes no disk.
    await assert.rejects(readBytes(path), {
      name: "RangeError",
      message:
        `cannot read "${path}": it has 3221225472 bytes; expected at most 1073741824`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
