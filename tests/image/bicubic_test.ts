/** PIL's bicubic filter, and presets from timm's configuration. */

import assert from "node:assert/strict";
import {
  imagenetPreset,
  type Preset,
  presetFromTimm,
} from "../../src/arch/preset.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { bicubic, resize } from "../../src/image/resize.ts";
import { normalize, resizeAndCrop } from "../../src/image/transform.ts";
import {
  dataUrl,
  type Goldens,
  noise,
  photosUrl,
  pixelAt,
  sha256,
} from "./support.ts";

const goldens: Pick<Goldens, "resized" | "transformed"> = JSON.parse(
  await Deno.readTextFile(new URL("bicubic.json", dataUrl)),
);

for (const { from, to, samples, ...golden } of goldens.resized) {
  Deno.test(`bicubic: ${from.join("x")} to ${to.join("x")} equals PIL's`, async () => {
    const { data } = resize(noise(...from), ...to, bicubic);
    assert.equal(data.length, 3 * to[0] * to[1]);
    for (const [at, value] of Object.entries(samples)) {
      assert.equal(data[Number(at)], value, `byte ${at}`);
    }
    assert.equal(await sha256(data), golden.sha256);
  });
}

for (const { image, resizeSize, cropSize, ...golden } of goldens.transformed) {
  Deno.test(`bicubic transform: ${image} by ${resizeSize}, ${cropSize} equals torchvision's`, async () => {
    const preset: Preset = {
      ...imagenetPreset,
      interpolation: "bicubic",
      resizeSize,
      cropSize,
    };
    const picture = typeof image === "string"
      ? await decodeImage(new URL(image, photosUrl))
      : noise(...image);
    const crop = resizeAndCrop(picture, preset);
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

const config = {
  input_size: [3, 224, 224],
  interpolation: "bicubic",
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
};

Deno.test("presetFromTimm: the size before the crop, rounded down as timm does", () => {
  assert.deepEqual(presetFromTimm({ ...config, crop_pct: 0.95 }), {
    resizeSize: 235,
    cropSize: 224,
    interpolation: "bicubic",
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.3, 0.4],
  });
  const resizeSize = (crop_pct: number | null | undefined, side = 224) =>
    presetFromTimm({ ...config, input_size: [3, side, side], crop_pct })
      .resizeSize;
  assert.equal(resizeSize(undefined), 256);
  assert.equal(resizeSize(null), 256);
  assert.equal(resizeSize(0.965), 232);
  assert.equal(resizeSize(1, 288), 288);
});

Deno.test("presetFromTimm: what a preset has no word for is refused", () => {
  const cases: [Partial<Parameters<typeof presetFromTimm>[0]>, string][] = [
    [
      { input_size: [1, 224, 224] },
      "input_size is [1,224,224], [3, side, side] is allowed",
    ],
    [
      { input_size: [3, 224, 256] },
      "input_size is [3,224,256], [3, side, side] is allowed",
    ],
    [
      { interpolation: "lanczos" },
      'interpolation is "lanczos", bilinear or bicubic is allowed',
    ],
    [{ crop_mode: "squash" }, 'crop_mode is "squash", center is allowed'],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => presetFromTimm({ ...config, ...change }), {
      name: "RangeError",
      message: `presetFromTimm: ${message}`,
    });
  }
});
