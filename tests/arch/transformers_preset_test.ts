import assert from "node:assert/strict";
import { presetFromTransformers } from "../../src/arch/transformers_preset.ts";
import { presetOf, repositories } from "../support/preset_goldens.ts";

const withProcessor = repositories.filter(({ files }) =>
  "preprocessor_config.json" in files
);

Deno.test("presetFromTransformers: transformers' own sizes, filter and corner", () => {
  let count = 0;
  for (const { name, files, default: want } of withProcessor) {
    if (want === undefined) continue;
    const preset = presetFromTransformers(files["preprocessor_config.json"]);
    assert.deepEqual(preset, presetOf(want), name);
    count++;
  }
  assert.equal(count, 7);
});

Deno.test("presetFromTransformers: rejects what a preset can't express", () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [
      { size: { shortest_edge: 384 } },
      /^size: expected less than 384, got 384; .*squashes/,
    ],
    [{ size: { height: 224, width: 224 } }, /^size: expected an integer/],
    [{ image_processor_type: "ViTImageProcessor" }, /got "ViTImageProcessor"$/],
    [
      { resample: 1 },
      /^resample: expected 2 \(bilinear\) or 3 \(bicubic\), got 1$/,
    ],
    [{ do_resize: false }, /^do_resize: expected true, got false$/],
    [{ do_rescale: false }, /^do_rescale: expected true, got false$/],
    [{ rescale_factor: 1 / 127.5 }, /^rescale_factor: expected 1\/255, got/],
    [
      { image_std: [1, 1] },
      /^image_std: expected three numbers, got \[1, 1\]$/,
    ],
    [{ crop_pct: "0.9" }, /^crop_pct: expected a positive number, got "0.9"$/],
  ];
  const [{ files }] = withProcessor;
  for (const [change, message] of cases) {
    const config = { ...files["preprocessor_config.json"], ...change };
    assert.throws(() => presetFromTransformers(config), {
      name: "RangeError",
      message,
    });
  }
});
