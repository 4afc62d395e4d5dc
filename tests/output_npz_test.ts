import assert from "node:assert/strict";
import { decodeNpy } from "../src/formats/npy.ts";
import { openZip } from "../src/formats/zip.ts";
import { npzStream, type StackedArray } from "../src/output/npz.ts";

const array = (shape: number[], first: number) => ({
  data: new Float32Array(shape.reduce((a, b) => a * b)).map((_, i) =>
    first + i
  ),
  shape,
});

const bytesOf = async (
  arrays: Iterable<StackedArray> | AsyncIterable<StackedArray>,
) => new Uint8Array(await new Response(npzStream(arrays)).arrayBuffer());

const open = (bytes: Uint8Array<ArrayBuffer>) =>
  openZip({
    name: "bytes",
    size: bytes.length,
    read: (offset, length) =>
      Promise.resolve(bytes.slice(offset, offset + length)),
    close() {},
  });

Deno.test("npzStream stacks the pieces of each array", async () => {
  async function* arrays(): AsyncGenerator<StackedArray> {
    yield {
      name: "layer1.0.relu_1",
      pieces: [array([2, 3, 4, 5], 0), array([1, 3, 4, 5], 120)],
    };
    await Promise.resolve();
    yield { name: "fc", pieces: [array([1, 7], -3)] };
  }
  const zip = await open(await bytesOf(arrays()));
  assert.deepEqual([...zip.entries.keys()], ["layer1.0.relu_1.npy", "fc.npy"]);
  const read = async (name: string) => decodeNpy(await zip.read(name), name);
  assert.deepEqual(await read("layer1.0.relu_1.npy"), {
    dtype: "float32",
    ...array([3, 3, 4, 5], 0),
  });
  assert.deepEqual(await read("fc.npy"), {
    dtype: "float32",
    ...array([1, 7], -3),
  });
});

Deno.test("npzStream writes a view's own elements, and the same bytes each time", async () => {
  const all = array([4, 2], 0).data;
  const view = {
    name: "v",
    pieces: [{ data: all.subarray(2, 6), shape: [2, 2] }],
  };
  const bytes = await bytesOf([view]);
  const zip = await open(bytes);
  const { data } = decodeNpy(await zip.read("v.npy"), "v");
  assert.deepEqual([...data], [2, 3, 4, 5]);
  assert.deepEqual(await bytesOf([view]), bytes);
});

Deno.test("npzStream passes errors on", async () => {
  const good = { name: "a", pieces: [array([1, 2], 0)] };
  const bad = {
    name: "layer4",
    pieces: [array([1, 8, 7, 7], 0), array([2, 8, 7, 9], 0)],
  };
  await assert.rejects(bytesOf([good, bad]), {
    name: "TypeError",
    message:
      'cannot stack "layer4": got an array of shape [2, 8, 7, 9], [N, 8, 7, 7] is allowed, as the first has it',
  });
  const failure = new RangeError("no more pictures");
  // deno-lint-ignore require-yield
  async function* failing(): AsyncGenerator<StackedArray> {
    await Promise.resolve();
    throw failure;
  }
  await assert.rejects(bytesOf(failing()), failure);
});
