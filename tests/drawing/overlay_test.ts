import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "../../mod.ts";
import type { RgbImage } from "../../src/image/rgb_image.ts";
import { colorMap, type ColorMapName } from "../../src/drawing/color_map.ts";
import { enlarge } from "../../src/drawing/enlarge.ts";
import { drawOverlay } from "../../src/drawing/draw_overlay.ts";
import { overlayMap } from "../../src/maps/overlay.ts";
import { uniform } from "../support/uniform.ts";

interface Enlarged {
  readonly from: [number, number];
  readonly to: [number, number];
  readonly values: readonly number[];
}

const { enlarged }: { enlarged: readonly Enlarged[] } = JSON.parse(
  await Deno.readTextFile(new URL("../data/cam/goldens.json", import.meta.url)),
);

Deno.test("enlarge equals PyTorch's interpolate", () => {
  assert(enlarged.length >= 3);
  for (const { from, to, values: want } of enlarged) {
    const map = uniform(`map [${from.join(", ")}]`, from[0] * from[1]);
    const got = enlarge(map, from, to);
    assert.equal(got.length, want.length);
    want.forEach((value, i) => assert(Math.abs(got[i] - value) < 1e-6, `${i}`));
  }
});

const plain = (width: number, height: number, level: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(level),
});

Deno.test("drawOverlay: the mix of pixel and colour", async () => {
  const map = { data: new Float32Array([0, 1, NaN, 4]), shape: [2, 2] };
  const picture = plain(2, 2, 100);
  const colors = await colorMap("magma");
  const wanted = [0, 64, null, 255].map((i) =>
    i === null ? [128, 128, 128] : [...colors.subarray(3 * i, 3 * i + 3)]
  );
  for (const alpha of [0, 0.25, 1]) {
    const { data, ...size } = await drawOverlay(picture, map, {
      alpha,
      colorMap: "magma",
    });
    assert.deepEqual(size, { width: 2, height: 2 });
    assert.deepEqual(
      [...data],
      wanted.flat().map((c) => 100 + Math.round(alpha * (c - 100))),
    );
  }
  assert(
    picture.data.every((value) => value === 100),
    "the picture itself changed",
  );
});

Deno.test("drawOverlay: inferno and one half by default", async () => {
  const map = { data: new Float32Array([0, 2]), shape: [1, 2] };
  const { data } = await drawOverlay(plain(40, 10, 200), map);
  const colors = await colorMap("inferno");
  const half = (color: Uint8Array) =>
    [...color].map((c) => 200 + Math.round((c - 200) / 2));
  assert.deepEqual([...data.subarray(0, 3)], half(colors.subarray(0, 3)));
  assert.deepEqual([...data.subarray(-3)], half(colors.subarray(-3)));
});

Deno.test("overlayMap: a tensor, RGBA, and what it rejects", async () => {
  await startBackend();
  const picture = plain(6, 4, 90);
  const rgba = {
    width: 6,
    height: 4,
    data: new Uint8ClampedArray(96).fill(90),
  };
  const map = tf.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const batch = tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]);
  const want = await drawOverlay(picture, {
    data: new Float32Array([1, 2, 3, 4, 5, 6]),
    shape: [2, 3],
  });
  assert.deepEqual(await overlayMap(picture, map), want);
  assert.deepEqual(await overlayMap(rgba, batch), want);

  for (const alpha of [-0.1, 1.1, NaN]) {
    await assert.rejects(overlayMap(picture, map, { alpha }), {
      name: "RangeError",
      message: `alpha: expected a number from 0 to 1, got ${alpha}`,
    });
  }
  await assert.rejects(
    overlayMap(picture, map, { colorMap: "jet" as ColorMapName }),
    { name: "RangeError", message: /^colorMap: expected .*, got "jet"$/ },
  );
  await assert.rejects(
    overlayMap({ ...picture, width: 7 }, map),
    {
      name: "TypeError",
      message: /^picture\.data: expected 84 bytes .*, got 72$/,
    },
  );
  for (
    const [tensor, what] of [
      [tf.zeros([2, 7, 7]), "float32 [2, 7, 7]"],
      [tf.zeros([1, 7, 7, 3]), "float32 [1, 7, 7, 3]"],
      [tf.zeros([7, 7], "int32"), "int32 [7, 7]"],
      [tf.zeros([0, 7]), "float32 [0, 7]"],
    ] as const
  ) {
    await assert.rejects(overlayMap(picture, tensor), {
      name: "TypeError",
      message: `map: expected float32 [h, w] or [1, h, w], got ${what}`,
    });
    tensor.dispose();
  }
  assert(!map.isDisposed);
  tf.dispose([map, batch]);
});
