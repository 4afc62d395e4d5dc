// stock: no, it tests drawing, not the kernels
/** Figures, and which part of a photo a map covers. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, type Tensor4D } from "../../mod.ts";
import { cropBox, crops } from "../../src/image/crops.ts";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { drawOverlay } from "../../src/drawing/draw_overlay.ts";
import { figure, overlayMap } from "../../src/maps/mod.ts";
import { tensorTest } from "../support/leaks.ts";
import { uniform } from "../support/uniform.ts";

const photo = (width: number, height: number) => ({
  width,
  height,
  data: Uint8Array.from(
    uniform("photo", width * height * 3, 60, 128),
    Math.round,
  ),
});

Deno.test("cropBox: the part that the crop is of", () => {
  for (
    const [width, height, resizeSize, cropSize, cropRounding] of [
      [451, 300, 256, 224, undefined],
      [300, 451, 256, 224, "down"],
      [640, 427, 233, 224, undefined],
      [64, 64, 64, 64, undefined],
      [90, 60, 40, 64, undefined], // Padded.
    ] as const
  ) {
    const preset = { ...imagenetPreset, resizeSize, cropSize, cropRounding };
    const size = { width, height };
    const box = cropBox(size, preset, {});
    crops(size, preset, "center", (plan) => {
      const { left, top } = plan.window;
      const [x, y] = [width / plan.width, height / plan.height];
      const pad = (side: number) => Math.max(0, (cropSize - side) >> 1);
      assert.deepEqual(box, {
        left: (left - pad(plan.width)) * x,
        top: (top - pad(plan.height)) * y,
        width: cropSize * x,
        height: cropSize * y,
      });
      return photo(plan.window.width, plan.window.height);
    });
  }
});

tensorTest("overlayMap: only what the network saw has colours", async () => {
  const picture = photo(300, 200);
  const map = tf.tensor2d([0, 1, 2, 3, 4, 5], [2, 3]);
  const drawn = await overlayMap(picture, map, { preset: imagenetPreset });
  const { left, top, width, height } = cropBox(picture, imagenetPreset, {});
  const whole = await drawOverlay({
    width: Math.round(left + width) - Math.round(left),
    height: Math.round(top + height) - Math.round(top),
    data: cut(picture.data, left, top, left + width, top + height),
  }, { data: new Float32Array([0, 1, 2, 3, 4, 5]), shape: [2, 3] });
  const got = cut(drawn.data, left, top, left + width, top + height);
  const off = got.reduce(
    (most, v, i) => Math.max(most, Math.abs(v - whole.data[i])),
    0,
  );
  assert(off <= 6, `off by ${off}`); // Edges lie within pixels.
  const paler = (i: number) => {
    const level = picture.data[i];
    return level + Math.round(0.65 * (255 - level));
  };
  for (const i of [0, 1, 2, 3 * 299, 3 * 300 * 100, drawn.data.length - 1]) {
    assert.equal(drawn.data[i], paler(i));
  }
  map.dispose();
});

/** The pixels of a part of a photo of 300 columns. */
function cut(
  data: Uint8Array,
  left: number,
  top: number,
  right: number,
  bottom: number,
): Uint8Array<ArrayBuffer> {
  const rows: number[] = [];
  for (let y = Math.round(top); y < Math.round(bottom); y++) {
    const [from, to] = [left, right].map((x) => 3 * (300 * y + Math.round(x)));
    rows.push(...data.subarray(from, to));
  }
  return Uint8Array.from(rows);
}

tensorTest(
  "figure: one map equals overlayMap, also of a region",
  async () => {
    using model = await createModel("mlnet_resnet18", "layer1.0.relu", true);
    const picture = photo(120, 100);
    const map = (input: Tensor4D) =>
      tf.tidy(() => tf.gather(model.forward(input), 5, 3));
    const region = [10, 0, 90, 100] as const;
    for (const options of [{}, { region }, { region, crop: "none" as const }]) {
      const drawn = await figure(model, picture, { "": map }, options);
      const input = model.preprocess(picture, options);
      const value = map(input);
      const { preset } = model;
      assert.deepEqual(
        drawn,
        await overlayMap(picture, value, { preset, ...options }),
      );
      tf.dispose([input, value]);
    }
  },
);

tensorTest("figure: what it rejects, without leaks", async () => {
  using model = await createModel("mlnet_resnet18", "maxpool", true);
  const picture = photo(40, 40);
  const map = () => tf.zeros([1, 4, 4]);
  await assert.rejects(figure(model, [], { "": map }), {
    name: "RangeError",
    message:
      "figure: expected at least one picture and one column, got 0 and 1",
  });
  await assert.rejects(figure(model, picture, {}), {
    name: "RangeError",
    message:
      "figure: expected at least one picture and one column, got 1 and 0",
  });
  await assert.rejects(
    figure(model, picture, { "": map }, { titles: ["a", "b"] }),
    {
      name: "RangeError",
      message: "titles: expected 1, one for each picture, got 2",
    },
  );
  await assert.rejects(
    figure(model, picture, { "": (x) => model.forward(x) }),
    {
      name: "TypeError",
      message: /^map: expected float32 \[h, w\] or \[1, h, w\], got float32/,
    },
  );
  await assert.rejects(
    figure(model, picture, { "": () => ({ map: map(), caption: "" }) }, {
      alpha: -1,
    }),
    { name: "RangeError", message: /^alpha: / },
  );
});
