// stock: no, it tests our own kernels
/** Our pooling, pointwise and linear kernels, and watched convolutions, against tfjs's. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { startBackend } from "../../mod.ts";
import type {
  AvgPool2d,
  Conv2d,
  Linear,
  MaxPool2d,
} from "../../src/arch/module.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type {
  KernelWeights,
  Operations,
} from "../../src/kernels/operations.ts";
import { startOwnKernels } from "../../src/kernels/own.ts";
import { runOnce } from "../../src/kernels/run_once.ts";
import { stockKernels } from "../../src/kernels/stock.ts";
import { floats, randoms } from "./reference.ts";
import { closeTo, take } from "../support/close.ts";

await startBackend({ threads: 2 });
const own = await startOwnKernels({ threads: 2 });
const random = randoms(1);

const batch = (...shape: [number, number, number, number]): Tensor4D =>
  tf.tensor4d(floats(shape.reduce((a, b) => a * b), random), shape);

/** An operation gives the same with both kernels, within rounding. */
function same(
  inputs: readonly Tensor[],
  operation: <V>(
    operations: Operations<V>,
    inputs: readonly V[],
    weights?: KernelWeights,
  ) => V,
  load?: (kernels: Kernels) => KernelWeights,
): void {
  const [want, got] = [stockKernels, own].map((kernels) => {
    const weights = load?.(kernels);
    const y = runOnce(
      kernels,
      inputs,
      (operations, values) => operation(operations, values, weights),
    );
    weights?.dispose();
    return y;
  });
  assert.deepEqual(got.shape, want.shape);
  closeTo(take(got), take(want), 2e-6);
}

const module = { name: "m", children: new Map() };
const maxPool = (padding: number, stride: number): MaxPool2d => ({
  ...module,
  type: "MaxPool2d",
  kernelSize: 3,
  stride,
  padding,
});

Deno.test("maxPool: odd sizes, partial vectors of channels, NaN", () => {
  for (const channels of [4, 7, 64]) {
    for (const [height, width] of [[3, 3], [8, 13], [57, 31]]) {
      const x = batch(2, height, width, channels);
      same([x], (operations, [x]) => operations.maxPool(x, maxPool(1, 2)));
      same([x], (operations, [x]) => operations.maxPool(x, maxPool(0, 1)));
      x.dispose();
    }
  }
  const values = floats(9 * 9 * 4, random);
  values[4 * 40 + 2] = NaN;
  const x = tf.tensor4d(values, [1, 9, 9, 4]);
  const y = runOnce(
    own,
    [x],
    (operations, [x]) => operations.maxPool(x, maxPool(1, 2)),
  ).dataSync();
  assert.equal(y.filter(Number.isNaN).length, 1);
  assert.ok(Number.isNaN(y[4 * 12 + 2]), "the window in the middle");
});

Deno.test("smallAvgPool: odd sizes, partial vectors of channels, both kinds", () => {
  const pool = (stride: 1 | 2, countIncludePad: boolean): AvgPool2d => ({
    ...module,
    type: "AvgPool2d",
    kernelSize: 2,
    stride,
    countIncludePad,
  });
  for (const channels of [4, 7, 64]) {
    for (const [height, width] of [[1, 1], [1, 4], [8, 13], [57, 30]]) {
      const x = batch(2, height, width, channels);
      for (const module of [pool(2, false), pool(1, true)]) {
        same([x], (operations, [x]) => operations.smallAvgPool(x, module));
      }
      x.dispose();
    }
  }
  const x = tf.tensor4d([1, 2, 4, 8, 16, 32, 64, 128, 256], [1, 3, 3, 1]);
  const means = (module: AvgPool2d) => {
    const run = <V>(operations: Operations<V>, [x]: readonly V[]) =>
      operations.smallAvgPool(x, module);
    return [...take(runOnce(own, [x], run))];
  };
  assert.deepEqual(means(pool(2, false)), [27 / 4, 18, 96, 256]);
  assert.deepEqual(means(pool(1, true)), [
    ...[27 / 4, 54 / 4, 36 / 4],
    ...[216 / 4, 432 / 4, 288 / 4],
    ...[192 / 4, 384 / 4, 256 / 4],
  ]);
  x.dispose();
});

Deno.test("avgPool, elementwise and batchNorm", () => {
  const bias = floats(10, random), scale = floats(10, random);
  const conv: Conv2d = {
    ...module,
    type: "Conv2d",
    inChannels: 10,
    outChannels: 10,
    kernelSize: 1,
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
  };
  const weights = {
    filter: floats(100, random),
    bias,
    scale,
    unfolded: new Map(),
  };
  for (const [height, width] of [[1, 1], [5, 9], [40, 31]]) {
    const x = batch(2, height, width, 10);
    const residual = batch(2, height, width, 10);
    same([x], (operations, [x]) => operations.avgPool(x));
    for (const relu of [false, true]) {
      same(
        [x, residual],
        (operations, [x, residual]) =>
          operations.elementwise(x, { residual, relu }),
      );
      same(
        [x, residual],
        (operations, [x, residual], weights) =>
          operations.batchNorm(x, weights!, { residual, relu }),
        (kernels) => kernels.loadConv(conv, weights),
      );
    }
    same([x], (operations, [x]) => operations.elementwise(x, { relu: true }));
    tf.dispose([x, residual]);
  }
});

Deno.test("linear: any number of rows and classes; its weights come back", () => {
  for (
    const [rows, inFeatures, outFeatures] of [[1, 512, 1000], [3, 5, 10], [
      9,
      64,
      1,
    ]]
  ) {
    const layer: Linear = {
      ...module,
      type: "Linear",
      inFeatures,
      outFeatures,
    };
    const weight = floats(inFeatures * outFeatures, random);
    const bias = floats(outFeatures, random);
    const x = tf.tensor2d(floats(rows * inFeatures, random), [
      rows,
      inFeatures,
    ]);
    same(
      [x],
      (operations, [x], weights) => operations.linear(x, weights!),
      (kernels) => {
        const weights = kernels.loadLinear(layer, weight, bias);
        assert.deepEqual(kernels.readLinear(weights), { weight, bias });
        return weights;
      },
    );
    x.dispose();
  }
});

Deno.test("a watched convolution undoes folding, and recomputes channels without scale", () => {
  for (const groups of [1, 2]) {
    for (const kernelSize of [1, 3]) {
      const conv: Conv2d = {
        ...module,
        type: "Conv2d",
        inChannels: 32,
        outChannels: 16,
        kernelSize,
        stride: 1,
        padding: kernelSize >> 1,
        dilation: 1,
        groups,
      };
      const size = 32 / groups * kernelSize ** 2;
      const weights = {
        filter: floats(16 * size, random),
        bias: floats(16, random),
        scale: floats(16, random).map((v) => v + 3),
        unfolded: new Map([2, 13].map((c) => [c, floats(size, random)])),
      };
      const x = batch(2, 9, 7, 32);
      same(
        [x],
        (operations, [x], weights) => operations.unfoldedConv2d(x, weights!),
        (kernels) => kernels.loadConv(conv, weights),
      );
      x.dispose();
    }
  }
});
