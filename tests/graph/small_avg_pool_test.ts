/** The gradient of ResNet-D's average pool. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "../../mod.ts";
import type { AvgPool2d } from "../../src/arch/module.ts";
import { type BackwardContext, runBackward } from "../../src/graph/backward.ts";
import { runOnce } from "../../src/kernels/run_once.ts";
import { stockKernels } from "../../src/kernels/stock.ts";
import { uniform } from "../support/uniform.ts";

await startBackend();

Deno.test("the gradient of smallAvgPool is its adjoint: <pool(x), g> = <x, back(g)>", () => {
  for (const [height, width] of [[1, 1], [2, 5], [7, 4], [9, 9]]) {
    for (const isDilated of [false, true]) {
      const module: AvgPool2d = {
        type: "AvgPool2d",
        name: "pool",
        children: new Map(),
        kernelSize: 2,
        stride: isDilated ? 1 : 2,
        countIncludePad: isDilated,
      };
      const dots = tf.tidy(() => {
        const shape = [2, height, width, 3] as const;
        const x = tf.tensor4d(uniform("x", 6 * height * width), [...shape]);
        const y = runOnce(
          stockKernels,
          [x],
          (operations, [x]) => operations.smallAvgPool(x, module),
        );
        const g = tf.tensor(uniform("g", y.size), y.shape);
        const step = {
          operation: { kind: "smallAvgPool", module },
          input: "x",
          nodes: ["y"],
          output: "y",
          dead: [],
        } as const;
        const context = { shape: () => shape } as unknown as BackwardContext;
        const back = runBackward([step], ["x", "y"], g, context);
        assert.deepEqual(back.shape, x.shape);
        const dot = (a: tf.Tensor, b: tf.Tensor) =>
          tf.sum(tf.mul(a, b)).dataSync()[0];
        return [dot(y, g), dot(x, back)];
      });
      assert.ok(Math.abs(dots[0] - dots[1]) < 1e-5, `${dots}`);
    }
  }
});
