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

Deno.test("drawOverlay: fade weighs a colour by its value", async () => {
  const picture = plain(5, 1, 100);
  const map = { data: new Float32Array([0, 1, 2, NaN, 4]), shape: [1, 5] };
  for (const [options, alpha] of [[{}, 0.8], [{ alpha: 0.5 }, 0.5]] as const) {
    const { data } = await drawOverlay(picture, map, {
      ...options,
      fade: true,
      colorMap: "gray",
    });
    const mix = (grey: number, weight: number) =>
      100 + Math.round(weight * alpha * (grey - 100));
    assert.deepEqual([...data].filter((_, i) => i % 3 === 0), [
      ...[mix(0, 0), mix(64, 0.25), mix(128, 0.5)],
      ...[mix(128, 1), mix(255, 1)],
    ]);
  }
});

Deno.test("drawOverlay: values of both signs fade to zero, by default", async () => {
  const map = { data: new Float32Array([-2, 0, 1, 4]), shape: [1, 4] };
  const { data } = await drawOverlay(plain(4, 1, 100), map);
  const colors = await colorMap("RdBu_r");
  const wanted = map.data.values().flatMap((value) => {
    const index = Math.min(255, Math.floor((value / 8 + 0.5) * 256));
    return [...colors.subarray(3 * index, 3 * index + 3)].map((c) =>
      100 + Math.round(0.8 * Math.abs(value / 4) * (c - 100))
    );
  });
  assert.deepEqual([...data], [...wanted]);
  // A rounding error below zero is no sign.
  const cosines = { data: new Float32Array([-1e-7, 1]), shape: [1, 2] };
  assert.deepEqual(
    await drawOverlay(plain(9, 1, 100), cosines),
    await drawOverlay(plain(9, 1, 100), cosines, { colorMap: "inferno" }),
  );
});

Deno.test("colorMap: RdBu_r is matplotlib's, within a level", async () => {
  const colors = await colorMap("RdBu_r");
  const wanted = { // Of matplotlib 3.11.
    ...{ 0: [5, 48, 97], 1: [6, 50, 99], 50: [65, 145, 194] },
    ...{ 127: [246, 246, 246], 128: [247, 246, 246], 200: [218, 106, 85] },
    ...{ 254: [105, 0, 31], 255: [103, 0, 31] },
  };
  for (const [index, rgb] of Object.entries(wanted)) {
    const got = colors.subarray(3 * Number(index));
    rgb.forEach((level, i) => assert(Math.abs(got[i] - level) <= 1, index));
  }
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
