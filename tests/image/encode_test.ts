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

/** Chunks by type; all that a file has. */
function chunksOf(png: Uint8Array): Map<string, Uint8Array> {
  const chunks = new Map<string, Uint8Array>();
  const view = new DataView(png.buffer, png.byteOffset);
  for (let at = 8; at < png.length;) {
    const end = at + 8 + view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.set(type, png.subarray(at + 8, end));
    at = end + 4;
  }
  return chunks;
}

Deno.test("encodePng: RGB without alpha, small, with pixels per inch", async () => {
  const image = noise(60, 40);
  const plain = chunksOf(await encodePng(image));
  assert.deepEqual([...plain.keys()], ["IHDR", "IDAT", "IEND"]);
  assert.deepEqual(
    [...plain.get("IHDR")!],
    [0, 0, 0, 60, 0, 0, 0, 40, 8, 2, 0, 0, 0],
  );
  const png = await encodePng(image, { dpi: 300 });
  const chunks = chunksOf(png);
  assert.deepEqual([...chunks.keys()], ["IHDR", "pHYs", "IDAT", "IEND"]);
  // 11811 pixels per metre, both ways.
  assert.deepEqual([...chunks.get("pHYs")!], [0, 0, 46, 35, 0, 0, 46, 35, 1]);
  assert.deepEqual(await decodeImage(png), image);

  const ramp = { width: 256, height: 99, data: new Uint8Array(256 * 99 * 3) };
  ramp.data.forEach((_, i) => ramp.data[i] = Math.floor(i / 3));
  assert((await encodePng(ramp)).length < 1000, "a ramp isn't filtered");

  for (const dpi of [0, -1, NaN, Infinity]) {
    await assert.rejects(encodePng(image, { dpi }), {
      name: "RangeError",
      message: `dpi: expected a positive number, got ${dpi}`,
    });
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
