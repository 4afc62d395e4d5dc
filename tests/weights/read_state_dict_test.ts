import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { readStateDict } from "../../src/weights/read_state_dict.ts";
import { assertSameBits, expectedTensors, fileBytes } from "./fixtures.ts";

for (const file of ["dtypes.pth", "legacy_dtypes.pth"]) {
  Deno.test(`readStateDict: the tensors of ${file}, in order`, async () => {
    const expected = await expectedTensors("dtypes.pth");
    const names: string[] = [];
    for await (
      const { name, shape, dtype, data } of readStateDict(fileBytes(file))
    ) {
      names.push(name);
      assert.equal(dtype, name);
      assert.deepEqual(shape, expected.get(name)!.shape);
      assertSameBits(data, expected.get(name)!.data, name);
    }
    assert.deepEqual(names, [...expected.keys()]);
  });
}

Deno.test("readStateDict: not folded, with the file's own names", async () => {
  const names: string[] = [];
  const read = readStateDict("tests/data/weights/data_parallel.pth");
  for await (const { name } of read) names.push(name);
  assert.deepEqual(names.slice(0, 6), [
    "module.conv1.weight",
    "module.bn1.weight",
    "module.bn1.bias",
    "module.bn1.running_mean",
    "module.bn1.running_var",
    "module.bn1.num_batches_tracked",
  ]);
});

Deno.test("readStateDict closes the file after the last tensor, or when the loop ends early", async () => {
  const path = "tests/data/weights/tar.pth";
  const handle = await open(path);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { close } = prototype;
  let closed = 0;
  prototype.close = function () {
    closed++;
    return close.call(this);
  };
  try {
    for await (const _ of readStateDict(path)) assert.equal(closed, 0);
    assert.equal(closed, 1);
    for await (const _ of readStateDict(path)) break;
    assert.equal(closed, 2);
  } finally {
    prototype.close = close;
  }
});

Deno.test("readStateDict throws what openCheckpoint throws", async () => {
  await assert.rejects(readStateDict("nowhere.pth").next(), {
    name: "Error",
    message: 'cannot open "nowhere.pth": there is no such file',
  });
  await assert.rejects(readStateDict(fileBytes("no_tensors.pth")).next(), {
    name: "SyntaxError",
  });
});
