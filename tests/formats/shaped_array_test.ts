import assert from "node:assert/strict";
import { nchwToNhwc, nhwcToNchw } from "../../src/formats/shaped_array.ts";

const counted = (shape: number[]) => ({
  data: new Float32Array(shape.reduce((a, b) => a * b)).map((_, i) => i),
  shape,
});

// Sides below and above the blocks' 16 and 256.
for (
  const shape of [
    [1, 1, 1, 1],
    [2, 3, 5, 7],
    [1, 7, 7, 512],
    [3, 17, 31, 33],
    [2, 16, 16, 16],
    [1, 1, 1, 2048],
    [2, 190, 3, 1],
  ]
) {
  Deno.test(`NHWC [${shape}] to NCHW and back`, () => {
    const nhwc = counted(shape);
    const [n, h, w, c] = shape;
    const nchw = nhwcToNchw(nhwc);
    assert.deepEqual(nchw.shape, [n, c, h, w]);
    const expected: number[] = [];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < c; j++) {
        for (let y = 0; y < h; y++) {
          for (let x = 0; x < w; x++) {
            expected.push(nhwc.data[((i * h + y) * w + x) * c + j]);
          }
        }
      }
    }
    assert.deepEqual([...nchw.data], expected);
    assert.deepEqual(nchwToNhwc(nchw), nhwc);
  });
}

Deno.test("arrays of two dimensions pass unchanged", () => {
  const array = counted([2, 1000]);
  assert.equal(nhwcToNchw(array), array);
  assert.equal(nchwToNhwc(array), array);
});

Deno.test("arrays of other shapes are rejected", () => {
  assert.throws(() => nhwcToNchw(counted([7, 7, 512])), {
    name: "TypeError",
    message:
      "shape: expected [N, H, W, C] or [N, C], got [7, 7, 512] with 25088 values",
  });
  const short = { data: new Float32Array(5), shape: [1, 2, 3, 1] };
  assert.throws(() => nchwToNhwc(short), {
    name: "TypeError",
    message:
      "shape: expected [N, C, H, W] or [N, C], got [1, 2, 3, 1] with 5 values",
  });
});
