import assert from "node:assert/strict";
import { imagenetPreset, type Preset } from "../../src/arch/preset.ts";
import { requirePreset } from "../../src/arch/preset_fields.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { type RgbImage, toRgb } from "../../src/image/rgb_image.ts";
import {
  denormalize,
  normalize,
  resizeAndCrop,
} from "../../src/image/transform.ts";
import { checkTransform, goldens, noise } from "./support.ts";

for (const golden of goldens.transformed) {
  const { image, resizeSize, cropSize } = golden;
  Deno.test(`transform: ${image} by ${resizeSize}, ${cropSize} equals torchvision's`, () =>
    checkTransform(golden, "bilinear"));
}

Deno.test("resizeAndCrop: the most extreme aspect costs no more than its crop", () => {
  const tall = noise(1, 100_000);
  const wide: RgbImage = { ...tall, width: 100_000, height: 1 };
  for (const image of [tall, wide]) {
    const [{ width, height, data }] = resizeAndCrop(image, imagenetPreset);
    assert.deepEqual([width, height], [224, 224]);
    // The middle of the picture, enlarged 256 times: between two of its pixels.
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

Deno.test("toRgb: rejects other objects", () => {
  const data = new Uint8Array(12);
  assert.throws(
    () => toRgb({ width: 2, height: 3, data }),
    new TypeError(
      "picture.data: expected 18 bytes (RGB) or 24 (RGBA) for 2x3, got 12",
    ),
  );
  for (const [width, height] of [[0, 4], [4, -1], [1.5, 2], [NaN, 1]]) {
    assert.throws(
      () => toRgb({ width, height, data }),
      new RangeError(
        `picture: expected positive integers as width and height, got ${width}x${height}`,
      ),
    );
  }
  assert.throws(
    // @ts-expect-error: floats aren't bytes.
    () => toRgb({ width: 2, height: 2, data: new Float32Array(12) }),
    new TypeError(
      "picture.data: expected a Uint8Array or Uint8ClampedArray, got a Float32Array",
    ),
  );
  assert.throws(
    // @ts-expect-error: the await is missing.
    () => toRgb(decodeImage("examples/images/chelsea.png")),
    new TypeError(
      "expected a decoded picture, got a Promise; did you forget to await it?",
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

Deno.test("normalize: rejects images of different sizes, or none", () => {
  assert.throws(
    () => normalize([noise(5, 4), noise(4, 5)], imagenetPreset),
    new TypeError(
      "image 1: expected 5x4 pixels as in image 0, got 4x5",
    ),
  );
  assert.throws(
    () => normalize([], imagenetPreset),
    new RangeError("images: expected at least one, got []"),
  );
});

Deno.test("denormalize: returns every level of every channel", () => {
  const data = Uint8Array.from({ length: 3 * 256 }, (_, i) => (i * 85) % 256);
  const image = { width: 16, height: 16, data };
  assert.equal(new Set(data).size, 256);
  const values = normalize([image], imagenetPreset);
  assert.deepEqual(denormalize(values, 16, 16, imagenetPreset), image);
});

Deno.test("denormalize: clamps and rounds levels", () => {
  const preset: Preset = { ...imagenetPreset, mean: [0, 0, 0], std: [1, 1, 1] };
  const values = Float32Array.of(-3, 7, NaN, 99.4 / 255, 99.6 / 255, 1);
  const { data } = denormalize(values, 2, 1, preset);
  assert.deepEqual([...data], [0, 255, 0, 99, 100, 255]);
});

Deno.test("denormalize: the number of values must fit the size", () => {
  assert.throws(
    () => denormalize(new Float32Array(10), 2, 2, imagenetPreset),
    new TypeError("data: expected 12 values for 2x2 pixels, got 10"),
  );
});

Deno.test("normalize: Caffe's channels and means, and back", () => {
  const image = {
    width: 2,
    height: 1,
    data: new Uint8Array([1, 2, 3, 250, 5, 6]),
  };
  const caffe: Preset = {
    ...imagenetPreset,
    mean: [103.5, 116.25, 123.75],
    std: [1, 2, 4],
    channels: "BGR",
  };
  const values = normalize([image], caffe);
  assert.deepEqual([...values], [
    3 - 103.5,
    (2 - 116.25) / 2,
    (1 - 123.75) / 4,
    6 - 103.5,
    (5 - 116.25) / 2,
    (250 - 123.75) / 4,
  ]);
  assert.deepEqual(denormalize(values, 2, 1, caffe), image);
  // The same with everything in 0..1.
  const unit = (numbers: readonly number[]) => numbers.map((n) => n / 255);
  const scaled = {
    ...caffe,
    mean: unit(caffe.mean),
    std: unit(caffe.std),
  } as unknown as Preset;
  normalize([image], scaled).forEach((value, i) =>
    assert.ok(Math.abs(value - values[i]) < 1e-4)
  );
  assert.deepEqual(denormalize(values, 2, 1, scaled), image);
});

Deno.test("a preset in 0..255 has both, means and deviations", () => {
  const caffe = { ...imagenetPreset, mean: [103.5, 116.25, 123.75] };
  assert.throws(() => requirePreset("preset", caffe), {
    name: "RangeError",
    message:
      "preset.std: expected numbers in 0..255, as the means are, got [0.229, 0.224, 0.225]",
  });
  requirePreset("preset", { ...caffe, std: [1, 1, 1], channels: "BGR" });
  assert.throws(
    () => requirePreset("preset", { ...imagenetPreset, channels: "GBR" }),
    {
      name: "RangeError",
      message: /preset\.channels: expected "RGB" or "BGR"/,
    },
  );
});
