// stock: no, it tests our own kernels
/** Our convolutions against a plain one in float64: random shapes, all tiles, 1 to 4 threads. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { startBackend } from "../../mod.ts";
import type { Conv2d } from "../../src/arch/module.ts";
import {
  type WeightsDType,
  weightsDTypes,
} from "../../src/arch/weights_dtype.ts";
import { OwnConv } from "../../src/kernels/conv.ts";
import { type OwnKernels, startOwnKernels } from "../../src/kernels/own.ts";
import {
  type Algorithm,
  chooseAlgorithm,
} from "../../src/kernels/algorithm.ts";
import { type DeviceOptions, startDevice } from "../../src/kernels/device.ts";
import { runOnce } from "../../src/kernels/run_once.ts";
import { floats, outputShape, randoms, referenceConv } from "./reference.ts";

await startBackend({ threads: 2 });

/**
 * Relative to the largest value. Direct convolutions are compared with the weights as they are kept;
 * Winograd's, once rounded, have no inverse.
 */
const tolerance: Record<Algorithm, Record<WeightsDType, number>> = {
  direct: { float32: 1e-5, float16: 1e-5, int8: 1e-5 },
  winograd2: { float32: 1e-5, float16: 2e-3, int8: NaN },
  winograd4: { float32: 2e-5, float16: NaN, int8: NaN }, // NaN: never chosen.
};

/** A convolution and its operands. */
interface Case {
  conv: Conv2d;
  input: [number, number, number];
  /** The usual height, which decides the algorithm. */
  height: number;
  dtype: WeightsDType;
  residual: boolean;
  relu: boolean;
}

const convOf = (numbers: Partial<Conv2d>): Conv2d => ({
  type: "Conv2d",
  name: "conv",
  children: new Map(),
  inChannels: 8,
  outChannels: 8,
  kernelSize: 3,
  stride: 1,
  padding: 1,
  dilation: 1,
  groups: 1,
  ...numbers,
});

function randomCase(random: () => number): Case {
  const integer = (low: number, high: number) =>
    Math.floor(low + (random() + 1) / 2 * (high - low + 1));
  const pick = <T>(...values: T[]) => values[integer(0, values.length - 1)];
  const kernelSize = pick(1, 3, 3, 7, 2, 5), groups = pick(1, 1, 1, 2, 4, 6);
  const paired = integer(0, 5) === 0;
  const ins = paired ? 4 : integer(1, 40), outs = paired ? 4 : integer(1, 40);
  const conv = integer(0, 2) === 0
    ? convOf({
      inChannels: 8 * integer(4, 9),
      outChannels: 8 * integer(1, 9),
      padding: integer(0, 2),
    })
    : convOf({
      inChannels: ins * groups,
      outChannels: outs * groups,
      groups,
      kernelSize,
      stride: integer(1, 3),
      padding: integer(0, Math.max(1, kernelSize >> 1)),
      dilation: pick(1, 1, 2),
    });
  const reach = conv.dilation * (conv.kernelSize - 1) + 1;
  const side = () => integer(reach, reach + 18);
  return {
    conv,
    input: [integer(1, 3), side(), side()],
    height: pick(5, 14),
    dtype: pick(...weightsDTypes),
    residual: pick(true, false),
    relu: pick(true, false),
  };
}

/** Runs a case and checks the output: that it is right, or has the bits of an output that is. */
function check(
  { conv, input, height, dtype, residual, relu }: Case,
  kernels: OwnKernels,
  random: () => number,
  right?: Float32Array,
): Float32Array {
  const { inChannels, outChannels, groups, kernelSize } = conv;
  const values = floats(
    input.reduce((a, b) => a * b) * inChannels,
    random,
  );
  const filter = floats(
    outChannels * inChannels / groups * kernelSize ** 2,
    random,
  );
  const bias = floats(outChannels, random);
  const weights = kernels.loadConv(
    conv,
    { filter, bias, scale: bias, unfolded: new Map() },
    { usualHeight: height, dtype },
  );
  const shape = outputShape(input, conv);
  const added = residual
    ? floats(shape.reduce((a, b) => a * b), random)
    : undefined;
  const x = tf.tensor4d(values, [...input, inChannels]);
  const sum = added && tf.tensor4d(added, shape);
  const y = runOnce<Tensor4D>(
    kernels,
    sum ? [x, sum] : [x],
    (operations, [x, residual]) =>
      operations.conv2d(x, weights, { residual, relu }),
  );
  assert.deepEqual(y.shape, shape);
  const got = y.dataSync<"float32">();
  const algorithm = chooseAlgorithm(conv, height, dtype);
  const kept = algorithm === "direct"
    ? kernels.readConv(weights).filter
    : filter;
  weights.dispose();
  tf.dispose([x, y, sum ?? []]);
  if (right) {
    assert.deepEqual(got, right);
    return got;
  }
  const want = referenceConv(values, input, kept, bias, conv);
  let largest = 0, off = 0;
  want.forEach((value, i) => {
    if (added) value += added[i];
    largest = Math.max(largest, Math.abs(value));
    const distance = Math.abs(got[i] - (relu ? Math.max(0, value) : value));
    if (!(distance <= off)) off = distance;
  });
  const limit = tolerance[algorithm][dtype] * largest;
  assert.ok(largest > 0);
  assert.ok(
    off <= limit,
    `off by ${off}, ${
      JSON.stringify({ conv, input, height, dtype, residual, relu })
    }`,
  );
  return got;
}

const sets: readonly DeviceOptions[] = [
  { threads: 1 },
  { threads: 2 },
  { threads: 3 },
  { threads: 4 },
  { threads: 2, relaxed: false },
];

Deno.test("random convolutions are right, with the same bits for every number of threads", async () => {
  const before = tf.memory().numTensors;
  let first: Float32Array[] | undefined;
  for (const options of sets) {
    using stack = new DisposableStack();
    const kernels = stack.adopt(
      await startOwnKernels(options),
      (kernels) => kernels.dispose(),
    );
    const random = randoms(20);
    const outputs = Array.from(
      { length: 100 },
      (_, i) => {
        // Fused multiply-add rounds once: without it there are other bits.
        const right = options.relaxed === false ? undefined : first?.[i];
        return check(randomCase(random), kernels, random, right);
      },
    );
    first ??= outputs;
  }
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("convolutions with every number of rows, and every tile at an edge", async () => {
  const kernels = await startOwnKernels({ threads: 2 });
  const random = randoms(3);
  for (const dtype of weightsDTypes) {
    const common = { dtype, residual: true, relu: true };
    for (let rows = 1; rows <= 31; rows++) {
      const conv = convOf({ kernelSize: 1, padding: 0, inChannels: 12 });
      const input: Case["input"] = [1, 1, rows];
      check({ ...common, conv, input, height: 14 }, kernels, random);
    }
    for (const height of [5, 14]) {
      const conv = convOf({ inChannels: 32 });
      for (let side = 1; side <= 13; side++) {
        const input: Case["input"] = [1, side, 14 - side];
        check({ ...common, conv, input, height }, kernels, random);
      }
    }
  }
  kernels.dispose();
});

/** The tolerance for a weight that comes back, given the largest of its channel. */
const roundings: Record<WeightsDType, (w: number, largest: number) => number> =
  {
    float32: () => 0,
    // It carries the rounding error of the weight before it.
    float16: (w, largest) => Math.abs(w) / 2048 + largest * 2 ** -11,
    int8: (_, largest) => largest / 253,
  };

Deno.test("weights come back as they were; Winograd's with rounding errors", async () => {
  const device = await startDevice({ threads: 1 });
  const random = randoms(4);
  const shapes: [Algorithm, Conv2d][] = [
    ["direct", convOf({ inChannels: 15, outChannels: 21, groups: 3 })],
    ["direct", convOf({ inChannels: 16, outChannels: 16, groups: 4 })],
    ["winograd2", convOf({ inChannels: 16 })],
    ["winograd4", convOf({ outChannels: 16 })],
  ];
  for (const [algorithm, module] of shapes) {
    for (
      const dtype of algorithm === "direct"
        ? weightsDTypes
        : ["float32"] as const
    ) {
      const { inChannels, outChannels, groups } = module;
      const size = inChannels / groups * 9;
      const weights = {
        filter: floats(outChannels * size, random),
        bias: floats(outChannels, random),
        scale: floats(outChannels, random),
        unfolded: new Map([[1, floats(size, random)]]),
      };
      // A channel that the batch norm has made tiny, and one that it has switched off.
      weights.filter.subarray(0, size).forEach((w, i, c) => c[i] = w * 1e-12);
      weights.filter.fill(0, size, 2 * size);
      const conv = new OwnConv(device, module, algorithm, weights, dtype);
      const { filter, ...rest } = conv.read();
      const { filter: given, ...others } = weights;
      assert.deepEqual(rest, others);
      assert.equal(filter.length, given.length);
      for (let channel = 0; channel < outChannels; channel++) {
        const channelOf = (all: Float32Array) =>
          all.subarray(channel * size, (channel + 1) * size);
        const want = channelOf(given);
        const largest = Math.max(...want.map(Math.abs));
        channelOf(filter).forEach((value, i) => {
          const limit = algorithm === "direct"
            ? roundings[dtype](want[i], largest)
            : 2e-7 * largest;
          assert.ok(
            Math.abs(value - want[i]) <= limit,
            `${algorithm} ${dtype}`,
          );
        });
      }
      conv.dispose();
    }
  }
  device.dispose();
});

Deno.test("a weight that isn't finite makes its channel so, with every type", async () => {
  const kernels = await startOwnKernels({ threads: 1 });
  const conv = convOf({ kernelSize: 1, padding: 0 });
  const x = tf.ones<tf.Rank.R4>([1, 3, 3, 8]);
  for (const dtype of weightsDTypes) {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const filter = new Float32Array(64).fill(1);
      filter[8 * 5 + 3] = bad;
      const weights = kernels.loadConv(conv, {
        filter,
        bias: new Float32Array(8),
        scale: new Float32Array(8),
        unfolded: new Map(),
      }, { dtype });
      const y = runOnce<Tensor4D>(
        kernels,
        [x],
        (operations, [x]) => operations.conv2d(x, weights, {}),
      );
      y.dataSync().forEach((value, i) =>
        assert.equal(Number.isFinite(value), i % 8 !== 5, `${dtype} ${bad}`)
      );
      weights.dispose();
      y.dispose();
    }
  }
  x.dispose();
  kernels.dispose();
});

Deno.test("a NaN propagates, through ReLU too", async () => {
  const kernels = await startOwnKernels({ threads: 1 });
  for (const inChannels of [8, 32]) {
    const conv = convOf({ inChannels });
    const weights = kernels.loadConv(conv, {
      filter: new Float32Array(8 * inChannels * 9).fill(1),
      bias: new Float32Array(8),
      scale: new Float32Array(8),
      unfolded: new Map(),
    });
    const values = new Float32Array(25 * inChannels);
    values[0] = NaN;
    const x: Tensor4D = tf.tensor4d(values, [1, 5, 5, inChannels]);
    const y = runOnce<Tensor4D>(
      kernels,
      [x],
      (operations, [x]) => operations.conv2d(x, weights, { relu: true }),
    );
    assert.ok(Number.isNaN(y.dataSync()[0]));
    assert.equal(y.dataSync().at(-1), 0);
    weights.dispose();
    tf.dispose([x, y]);
  }
  kernels.dispose();
});
