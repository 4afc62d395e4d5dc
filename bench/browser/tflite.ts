/**
 * Writes a ResNet of the bench as a `.tflite` file, for LiteRT.js.
 *
 * Batch norms are folded, as for the other contestants. Padding other than TensorFlow's `SAME` is a
 * separate `PAD`; before the pooling it pads with 0, which is correct after a ReLU. Field numbers are
 * those of tensorflow/lite/schema/schema.fbs.
 *
 * @module
 */

import { Builder } from "flatbuffers";
import type { Block, Conv2d, Linear, Module } from "../../src/arch/module.ts";
import { buildResNet } from "../../src/arch/resnet.ts";
import { archRow } from "../../src/arch/lookup.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";

/** `BuiltinOperator`, and the number of its options in the union. */
const operators = {
  ADD: { code: 0, options: 11 },
  CONV_2D: { code: 3, options: 1 },
  FULLY_CONNECTED: { code: 9, options: 8 },
  MAX_POOL_2D: { code: 17, options: 5 },
  PAD: { code: 34, options: 22 },
  MEAN: { code: 40, options: 27 },
} as const;
type OperatorName = keyof typeof operators;

const names = Object.keys(operators) as OperatorName[];
const SAME = 0, VALID = 1, RELU = 1, INT32 = 2;

/** A field of a table of options; its index in the list is its number. */
type Field = readonly ["int8" | "int32", number];
const byte = (value: number): Field => ["int8", value];
const word = (value: number): Field => ["int32", value];

interface TensorSpec {
  readonly shape: readonly number[];
  readonly data?: Float32Array | Int32Array;
}

interface OperatorSpec {
  readonly name: OperatorName;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly fields: readonly Field[];
}

/** Builds a graph value by value. */
class Graph {
  readonly tensors: TensorSpec[] = [];
  readonly operators: OperatorSpec[] = [];

  tensor(shape: readonly number[], data?: TensorSpec["data"]): number {
    return this.tensors.push({ shape, data }) - 1;
  }

  add(
    name: OperatorName,
    inputs: readonly number[],
    shape: readonly number[],
    fields: readonly Field[] = [],
  ): number {
    const output = this.tensor(shape);
    this.operators.push({ name, inputs, output, fields });
    return output;
  }

  shape(tensor: number): readonly number[] {
    return this.tensors[tensor].shape;
  }

  /** Pads a value with rows and columns of zeros. */
  pad(x: number, by: number): number {
    const [n, height, width, channels] = this.shape(x);
    const around = Int32Array.of(0, 0, by, by, by, by, 0, 0);
    return this.add("PAD", [x, this.tensor([4, 2], around)], [
      n,
      height + 2 * by,
      width + 2 * by,
      channels,
    ]);
  }
}

/** Transposes OIHW to OHWI. */
function toOHWI(filter: Float32Array, [o, i, h, w]: readonly number[]) {
  const result = new Float32Array(filter.length);
  for (let out = 0, at = 0; out < o; out++) {
    for (let place = 0; place < h * w; place++) {
      for (let c = 0; c < i; c++) {
        result[at++] = filter[(out * i + c) * h * w + place];
      }
    }
  }
  return result;
}

/** The network of a checkpoint, `[1, 224, 224, 3]` to `[1, classes]`. */
export async function tfliteOf(
  arch: string,
  checkpoint: Checkpoint,
): Promise<Uint8Array> {
  const { children } = buildResNet(archRow(arch));
  const graph = new Graph();
  const input = graph.tensor([1, 224, 224, 3]);

  const conv = async (
    x: number,
    module: Module,
    norm: Module,
    relu: boolean,
  ): Promise<number> => {
    const { name, kernelSize, stride, padding } = module as Conv2d;
    const { outChannels } = module as Conv2d;
    const read = (part: string) => checkpoint.read(part);
    const [weight, gamma, beta, mean, variance] = await Promise.all([
      read(`${name}.weight`),
      ...["weight", "bias", "running_mean", "running_var"]
        .map((part) => read(`${norm.name}.${part}`)),
    ]);
    const perChannel = weight.length / outChannels;
    const bias = new Float32Array(outChannels);
    for (let o = 0; o < outChannels; o++) {
      const scale = gamma[o] /
        Math.sqrt(variance[o] + 1e-5);
      bias[o] = beta[o] - mean[o] * scale;
      for (let i = 0; i < perChannel; i++) weight[o * perChannel + i] *= scale;
    }
    const { shape } = checkpoint.tensors.get(`${name}.weight`)!;
    const isSame = stride === 1 && padding === (kernelSize - 1) / 2;
    const [, height] = graph.shape(x);
    const from = isSame || padding === 0 ? x : graph.pad(x, padding);
    const side = Math.floor((height + 2 * padding - kernelSize) / stride) + 1;
    const filter = graph.tensor(
      [shape[0], shape[2], shape[3], shape[1]],
      toOHWI(weight, shape),
    );
    return graph.add(
      "CONV_2D",
      [from, filter, graph.tensor([outChannels], bias)],
      [1, side, side, outChannels],
      [
        ...[byte(isSame ? SAME : VALID), word(stride), word(stride)],
        ...[byte(relu ? RELU : 0), word(1), word(1)],
      ],
    );
  };

  let x = await conv(input, children.get("conv1")!, children.get("bn1")!, true);
  x = graph.add("MAX_POOL_2D", [graph.pad(x, 1)], [1, 56, 56, 64], [
    ...[byte(VALID), word(2), word(2), word(3), word(3)],
  ]);
  for (const stage of ["layer1", "layer2", "layer3", "layer4"]) {
    for (const block of children.get(stage)!.children.values()) {
      const part = (name: string) => (block as Block).children.get(name)!;
      const last = block.type === "Bottleneck" ? 3 : 2;
      let y = x;
      for (let i = 1; i <= last; i++) {
        y = await conv(y, part(`conv${i}`), part(`bn${i}`), i < last);
      }
      const downsample = block.children.get("downsample")?.children;
      const identity = downsample
        ? await conv(x, downsample.get("0")!, downsample.get("1")!, false)
        : x;
      x = graph.add("ADD", [y, identity], graph.shape(y), [byte(RELU)]);
    }
  }
  const channels = graph.shape(x)[3];
  x = graph.add(
    "MEAN",
    [x, graph.tensor([2], Int32Array.of(1, 2))],
    [1, channels],
    [byte(0)],
  );
  const { inFeatures, outFeatures } = children.get("fc") as Linear;
  const output = graph.add(
    "FULLY_CONNECTED",
    [
      x,
      graph.tensor(
        [outFeatures, inFeatures],
        await checkpoint.read("fc.weight"),
      ),
      graph.tensor([outFeatures], await checkpoint.read("fc.bias")),
    ],
    [1, outFeatures],
    [byte(0)],
  );
  return write(graph, input, output);
}

function write(graph: Graph, input: number, output: number): Uint8Array {
  const builder = new Builder(1 << 27);
  const words = (values: readonly number[]) => {
    builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) builder.addInt32(value);
    return builder.endVector();
  };
  const offsets = (values: readonly number[]) => {
    builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) builder.addOffset(value);
    return builder.endVector();
  };
  const table = (size: number, fill: () => void) => {
    builder.startObject(size);
    fill();
    return builder.endObject();
  };

  const filled = graph.tensors.filter(({ data }) => data !== undefined);
  const buffers = [
    table(1, () => {}), // The first buffer is for values without data.
    ...filled.map(({ data }) => {
      const { buffer, byteOffset, byteLength } = data!;
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      builder.prep(16, bytes.length); // The start of the data.
      const vector = builder.createByteVector(bytes);
      return table(1, () => builder.addFieldOffset(0, vector, 0));
    }),
  ];
  const tensors = graph.tensors.map((tensor, i) => {
    const name = builder.createString(`t${i}`), shape = words(tensor.shape);
    return table(4, () => {
      builder.addFieldOffset(0, shape, 0);
      builder.addFieldInt8(1, tensor.data instanceof Int32Array ? INT32 : 0, 0);
      builder.addFieldInt32(2, filled.indexOf(tensor) + 1, 0);
      builder.addFieldOffset(3, name, 0);
    });
  });
  const steps = graph.operators.map(({ name, inputs, output, fields }) => {
    const from = words(inputs), to = words([output]);
    const options = table(fields.length, () => {
      fields.forEach(([type, value], i) => {
        if (type === "int8") builder.addFieldInt8(i, value, 0);
        else builder.addFieldInt32(i, value, 0);
      });
    });
    return table(5, () => {
      builder.addFieldInt32(0, names.indexOf(name), 0);
      builder.addFieldOffset(1, from, 0);
      builder.addFieldOffset(2, to, 0);
      builder.addFieldInt8(3, operators[name].options, 0);
      builder.addFieldOffset(4, options, 0);
    });
  });
  const codes = names.map((name) =>
    table(4, () => {
      builder.addFieldInt8(0, operators[name].code, 0);
      builder.addFieldInt32(2, 1, 0);
      builder.addFieldInt32(3, operators[name].code, 0);
    })
  );
  const main = builder.createString("main");
  const [inputs, outputs] = [words([input]), words([output])];
  const [tensorList, stepList] = [offsets(tensors), offsets(steps)];
  const subgraph = table(5, () => {
    builder.addFieldOffset(0, tensorList, 0);
    builder.addFieldOffset(1, inputs, 0);
    builder.addFieldOffset(2, outputs, 0);
    builder.addFieldOffset(3, stepList, 0);
    builder.addFieldOffset(4, main, 0);
  });
  const [codeList, subgraphs] = [offsets(codes), offsets([subgraph])];
  const bufferList = offsets(buffers);
  const model = table(5, () => {
    builder.addFieldInt32(0, 3, 0);
    builder.addFieldOffset(1, codeList, 0);
    builder.addFieldOffset(2, subgraphs, 0);
    builder.addFieldOffset(4, bufferList, 0);
  });
  builder.finish(model, "TFL3");
  return builder.asUint8Array();
}
