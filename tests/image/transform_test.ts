import assert from "node:assert/strict";
import { imagenetPreset, type Preset } from "../../src/arch/preset.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { type RgbImage, toRgb } from "../../src/image/rgb_image.ts";
import {
  denormalize,
  normalize,
  resizeAndCrop,
} from "../../src/image/transform.ts";
import { goldens, noise, photosUrl, pixelAt, sha256 } from "./support.ts";

for (const { image, resizeSize, cropSize, ...golden } of goldens.transformed) {
  Deno.test(`transform: ${image} by ${resizeSize}, ${cropSize} equals torchvision's`, async () => {
    const preset: Preset = { ...imagenetPreset, resizeSize, cropSize };
    const picture = typeof image === "string"
      ? await decodeImage(new URL(image, photosUrl))
      : noise(...image);
    const crop = resizeAndCrop(picture, preset);
    assert.deepEqual([crop.width, crop.height], [cropSize, cropSize]);
    assert.equal(crop.data.length, 3 * cropSize ** 2);
    const middle = cropSize >> 1;
    assert.deepEqual(pixelAt(crop, middle, middle), golden.middlePixel);
    assert.deepEqual(
      pixelAt(crop, cropSize - 1, cropSize - 1),
      golden.lastPixel,
    );
    assert.equal(await sha256(crop.data), golden.cropSha256);
    const values = normalize([crop], preset);
    assert.equal(
      await sha256(new Uint8Array(values.buffer)),
      golden.normalizedSha256,
    );
  });
}

Deno.test("resizeAndCrop: the most extreme aspect costs no more than its crop", () => {
  const tall = noise(1, 100_000);
  const wide: RgbImage = { ...tall, width: 100_000, height: 1 };
  for (const image of [tall, wide]) {
    const { width, height, data } = resizeAndCrop(image, imagenetPreset);
    assert.deepEqual([width, height], [224, 224]);
    // The middle of the picture, 256 times enlarged: between two of its pixels.
    const middle = image.data.subarray(3 * 49_999, 3 * 50_001);
    const lowest = Math.min(middle[0], middle[3]);
    const highest = Math.max(middle[0], middle[3]);
    const red = data[3 * (112 * 224 + 112)];
    assert.ok(lowest <= red && red <= highest, `${lowest} ${red} ${highest}`);
  }
});

Deno.test("resizeAndCrop: an ImageData gives what its RGB gives", () => {
  const image = noise(40, 30);
  const data = new Uint8ClampedArray(4 * 40 * 30);
  for (let i = 0; i < 40 * 30; i++) {
    data.set([...image.data.subarray(3 * i, 3 * i + 3), i % 256], 4 * i);
  }
  const imageData = { width: 40, height: 30, data, colorSpace: "srgb" };
  assert.deepEqual(toRgb(imageData), image);
  assert.deepEqual(
    resizeAndCrop(imageData, imagenetPreset),
    resizeAndCrop(image, imagenetPreset),
  );
});

Deno.test("toRgb: what is no picture is refused", () => {
  const data = new Uint8Array(12);
  assert.throws(
    () => toRgb({ width: 2, height: 3, data }),
    new TypeError(
      "a picture of 2x3: data has 12 bytes, RGB takes 18, RGBA 24",
    ),
  );
  for (const [width, height] of [[0, 4], [4, -1], [1.5, 2], [NaN, 1]]) {
    assert.throws(
      () => toRgb({ width, height, data }),
      new RangeError(
        `a picture of ${width}x${height}: both sides must be positive whole numbers`,
      ),
    );
  }
  assert.throws(
    // @ts-expect-error: floats are no levels.
    () => toRgb({ width: 2, height: 2, data: new Float32Array(12) }),
    new TypeError(
      "a picture of 2x2: data must be a Uint8Array or a Uint8ClampedArray",
    ),
  );
});

Deno.test("toRgb: bytes shared between threads are copied", () => {
  const data = new Uint8Array(new SharedArrayBuffer(3));
  data.set([1, 2, 3]);
  const image = toRgb({ width: 1, height: 1, data });
  assert.ok(image.data.buffer instanceof ArrayBuffer);
  assert.deepEqual([...image.data], [1, 2, 3]);
});

Deno.test("normalize: a batch is its images one after the other", () => {
  const images = [noise(5, 4), { ...noise(5, 8), height: 4 }];
  images[1].data.copyWithin(0, 60);
  const batch = normalize(images, imagenetPreset);
  assert.equal(batch.length, 2 * 60);
  assert.deepEqual(batch.slice(0, 60), normalize([images[0]], imagenetPreset));
  assert.deepEqual(batch.slice(60), normalize([images[1]], imagenetPreset));
  assert.notDeepEqual(batch.slice(60), batch.slice(0, 60));
});

Deno.test("normalize: images of different sizes, or none, are refused", () => {
  assert.throws(
    () => normalize([noise(5, 4), noise(4, 5)], imagenetPreset),
    new TypeError(
      "cannot normalize images of 5x4 and 4x5 as one batch: all must have one size",
    ),
  );
  assert.throws(
    () => normalize([], imagenetPreset),
    new RangeError("cannot normalize a batch of 0 images: give at least 1"),
  );
});

Deno.test("denormalize: gives back every level of every channel", () => {
  const data = Uint8Array.from({ length: 3 * 256 }, (_, i) => (i * 85) % 256);
  const image = { width: 16, height: 16, data };
  assert.equal(new Set(data).size, 256);
  const values = normalize([image], imagenetPreset);
  assert.deepEqual(denormalize(values, 16, 16, imagenetPreset), image);
});

Deno.test("denormalize: clamps what no picture has, rounds the rest", () => {
  const preset: Preset = { ...imagenetPreset, mean: [0, 0, 0], std: [1, 1, 1] };
  const values = Float32Array.of(-3, 7, NaN, 99.4 / 255, 99.6 / 255, 1);
  const { data } = denormalize(values, 2, 1, preset);
  assert.deepEqual([...data], [0, 255, 0, 99, 100, 255]);
});

Deno.test("denormalize: the number of values must fit the size", () => {
  assert.throws(
    () => denormalize(new Float32Array(10), 2, 2, imagenetPreset),
    new TypeError("cannot denormalize 10 values as 2x2 pixels: that takes 12"),
  );
});
