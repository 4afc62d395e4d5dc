import assert from "node:assert/strict";
import { presetFromTimm } from "../../src/arch/preset.ts";

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

Deno.test("presetFromTimm: rejects what a preset can't express", () => {
  const cases: [Partial<Parameters<typeof presetFromTimm>[0]>, string][] = [
    [
      { input_size: [1, 224, 224] },
      "input_size: expected [3, side, side], got [1, 224, 224]",
    ],
    [
      { input_size: [3, 224, 256] },
      "input_size: expected [3, side, side], got [3, 224, 256]",
    ],
    [
      { interpolation: "lanczos" },
      'interpolation: expected "bilinear" or "bicubic", got "lanczos"',
    ],
    [{ crop_mode: "squash" }, 'crop_mode: expected "center", got "squash"'],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => presetFromTimm({ ...config, ...change }), {
      name: "RangeError",
      message,
    });
  }
});
