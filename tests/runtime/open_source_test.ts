/** Sources of bytes: random access within the file, and nothing beyond. */

import assert from "node:assert/strict";
import { openByteSource } from "../../src/runtime/open_source.ts";

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
