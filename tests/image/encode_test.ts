import assert from "node:assert/strict";
import { decodeImage } from "../../src/image/decode.ts";
import { encodePng } from "../../src/image/encode_png.ts";
import { noise } from "./support.ts";

Deno.test("encodePng: decodes to the same pixels", async () => {
  for (const [width, height] of [[1, 1], [37, 23], [300, 2]]) {
    const image = noise(width, height);
    const png = await encodePng(image);
    assert.deepEqual([...png.subarray(1, 4)], [0x50, 0x4e, 0x47]);
    assert.deepEqual(await decodeImage(png), image);
  }
});

Deno.test("encodePng: alpha is dropped", async () => {
  const data = new Uint8ClampedArray([10, 20, 30, 0, 40, 50, 60, 255]);
  const png = await encodePng({ width: 2, height: 1, data });
  assert.deepEqual([...(await decodeImage(png)).data], [
    10,
    20,
    30,
    40,
    50,
    60,
  ]);
});

Deno.test("encodePng: rejects other objects", async () => {
  await assert.rejects(
    encodePng({ width: 2, height: 2, data: new Uint8Array(5) }),
    new TypeError(
      "picture.data: expected 12 bytes (RGB) or 16 (RGBA) for 2x2, got 5",
    ),
  );
});
