import assert from "node:assert/strict";
import { presetFromTimm, type TimmConfig } from "../../src/arch/timm_preset.ts";
import { presetOf, repositories } from "../support/preset_goldens.ts";

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
  const cases: [TimmConfig, string][] = [
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
    [
      { input_size: 224 as never },
      "input_size: expected [3, side, side], got 224",
    ],
    [{ crop_mode: "squash" }, 'crop_mode: expected "center", got "squash"'],
    [{ crop_pct: -1 }, "crop_pct: expected a positive number, got -1"],
    [{ mean: [0.5] }, "mean: expected three numbers, got [0.5]"],
    [{ std: [0, 1, 1] }, "std: expected three positive numbers, got [0, 1, 1]"],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => presetFromTimm({ ...config, ...change }), {
      name: "RangeError",
      message,
    });
  }
  assert.throws(() => presetFromTimm(null as never), { name: "TypeError" });
});

Deno.test("presetFromTimm: every ResNet of timm, at both sizes, as timm itself", async () => {
  const table: Record<
    string,
    TimmConfig & Record<"default" | "test", [number, number, string]>
  > = JSON.parse(
    await Deno.readTextFile("tests/data/presets/timm.json"),
  );
  assert.ok(Object.keys(table).length > 80);
  for (const [name, config] of Object.entries(table)) {
    for (const which of ["default", "test"] as const) {
      const preset = presetFromTimm(config, which);
      const { resizeSize, cropSize, interpolation } = preset;
      assert.deepEqual(
        [resizeSize, cropSize, interpolation],
        config[which],
        `${name}, ${which}`,
      );
      assert.deepEqual([preset.mean, preset.std], [config.mean, config.std]);
    }
  }
});

Deno.test("presetFromTimm: config.json, nested and flat", () => {
  let count = 0;
  for (const { name, files, ...want } of repositories) {
    if (want.test === undefined) continue;
    for (const which of ["default", "test"] as const) {
      const preset = presetFromTimm(files["config.json"], which);
      assert.deepEqual(preset, presetOf(want[which]!), `${name}, ${which}`);
      count++;
    }
  }
  assert.equal(count, 40);
});
