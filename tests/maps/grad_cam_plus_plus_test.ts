/** Grad-CAM++ against PyPI's grad-cam: scripts/make_grad_cam_goldens.py. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type ArchRow, createModel, fromNCHW } from "../../mod.ts";
import { gradCam, gradCamPlusPlus } from "../../src/maps/grad_cam.ts";
import { relativeError } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { tensorTest } from "../support/leaks.ts";
import { uniform } from "../support/uniform.ts";

/** A network, its input `[N, height, width]`, and maps in float64. */
interface Case extends Omit<ArchRow, "name"> {
  readonly input: readonly [number, number, number];
  readonly results: readonly {
    readonly node: string;
    readonly channel: number;
    readonly shape: readonly number[];
    /** How far grad-cam's map in float32 is off. */
    readonly error: number;
    readonly map: readonly number[];
  }[];
}

const cases: Record<string, Case> = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/cam/grad_cam_plus_plus.json", import.meta.url),
  ),
);

/** The most that our maps may be off, in multiples of grad-cam's error in float32. */
const mostErrors = 4;

for (
  const [name, { input: [n, h, w], results, ...row }] of Object.entries(cases)
) {
  tensorTest(`Grad-CAM++ equals grad-cam's: ${name}`, async () => {
    const arch = { name, ...row };
    using model = await createModel(arch, null, formulaCheckpoint(arch));
    const x = tf.tidy(() =>
      fromNCHW(tf.tensor(uniform("input", n * 3 * h * w), [n, 3, h, w]))
    );
    for (const { node, channel, shape, error, map: want } of results) {
      const map = gradCamPlusPlus(model, x, node, channel);
      const plain = gradCam(model, x, node, channel);
      assert.deepEqual(map.shape, shape);
      const multiple = relativeError(await map.data(), want) / error;
      assert(multiple < mostErrors, `${node}: ${multiple} times float32's`);
      assert(relativeError(await plain.data(), want) > 0.05, "it is Grad-CAM");
      tf.dispose([map, plain]);
    }
    x.dispose();
  });
}
