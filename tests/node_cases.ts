/** Networks, inputs, and torchvision's digests of every node, for every set of kernels. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, fromNCHW, startBackend, toNCHW } from "../mod.ts";
import type { ArchRow } from "../src/arch/table.ts";
import { formulaCheckpoint, uniform } from "./formula.ts";

/** One network, one input, and torchvision's digest of every node. */
interface Case extends Omit<ArchRow, "name"> {
  input: [number, number, number];
  /** NCHW shapes by node name, in the order of the digests. */
  nodes: Record<string, number[]>;
}

const folder = new URL("data/nodes/", import.meta.url);
const cases: Record<string, Case> = JSON.parse(
  await Deno.readTextFile(new URL("index.json", folder)),
);
const samples = 64, fold = 64;

/** Of a node's largest value. */
const tolerance = 1e-5;

/** The same digest as `scripts/make_node_goldens.py` makes; `value` is NCHW. */
function digest(value: Float32Array, shape: number[]): number[] {
  const [n, c, h = 1, w = 1] = shape;
  const images = new Float64Array(n), channels = new Float64Array(c);
  const rows = new Float64Array(h), columns = new Float64Array(w);
  let max = 0, i = 0;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let row = 0; row < h; row++) {
        for (let column = 0; column < w; column++) {
          const v = value[i++];
          max = Math.max(max, Math.abs(v));
          images[image] += v;
          channels[channel] += v;
          rows[row] += v;
          columns[column] += v;
        }
      }
    }
  }
  const folded = new Float64Array(Math.min(c, fold));
  channels.forEach((sum, j) =>
    folded[j % fold] += sum * (1 + Math.floor(j / fold))
  );
  const at = Array.from(
    { length: samples },
    (_, s) => value[Math.floor(s * 0.6180339887498949 % 1 * value.length)],
  );
  return [max, ...at, ...images, ...folded, ...rows, ...columns];
}

/** How far rounding may move each number of a digest: sums of n values by sqrt(n) of them. */
function bounds(shape: number[], max: number): number[] {
  const [n, c, h = 1, w = 1] = shape;
  const size = n * c * h * w;
  const sum = (count: number, length: number, weight = 1) =>
    Array<number>(length).fill(tolerance * max * Math.sqrt(count) * weight);
  const folds = Math.ceil(c / fold);
  return [
    ...sum(1, 1 + samples),
    ...sum(size / n, n),
    ...sum(size / c * folds, Math.min(c, fold), folds),
    ...sum(size / h, h),
    ...sum(size / w, w),
  ];
}

function compare(
  name: string,
  got: Float32Array,
  shape: number[],
  want: Float32Array,
) {
  const max = want[0];
  assert(max > 0, `${name}: the reference is all zero`);
  const limit = bounds(shape, max);
  digest(got, shape).forEach((value, i) => {
    const off = Math.abs(value - want[i]);
    assert(off <= limit[i], `${name}: number ${i} is ${value}, not ${want[i]}`);
  });
}

/** Every case as a test, on one set of kernels. */
export function testNodes(kernels: "stock" | "own"): void {
  for (const [name, { input, nodes, ...row }] of Object.entries(cases)) {
    Deno.test(`every node equals torchvision's, ${kernels} kernels: ${name} ${input}`, async () => {
      await startBackend({ kernels });
      const before = tf.memory().numTensors;
      const [n, h, w] = input, c = row.inChannels ?? 3;
      const arch = { name, ...row };
      {
        using model = await createModel(arch, null, formulaCheckpoint(arch));
        assert.deepEqual(model.nodes(), Object.keys(nodes));
        const x = tf.tidy(() =>
          fromNCHW(tf.tensor(uniform("input", n * c * h * w), [n, c, h, w]))
        );
        const digests = new Float32Array(
          (await Deno.readFile(new URL(`${name}.f32`, folder))).buffer,
        );
        // Watching all nodes undoes every fusion; watching the ends of blocks undoes none.
        const fused = Object.keys(nodes).filter((node) =>
          /add$|relu|^layer\d\.\d\.bn1$|pool|flatten|fc/.test(node)
        );
        for (const watched of [Object.keys(nodes), fused]) {
          const values = model.extract(x, watched);
          let offset = 0;
          for (const [node, shape] of Object.entries(nodes)) {
            const [n, c, h = 1, w = 1] = shape;
            const size = 1 + samples + n + Math.min(c, fold) + h + w;
            const want = digests.subarray(offset, offset += size);
            if (!(node in values)) continue;
            const nchw = toNCHW(values[node]);
            compare(node, nchw.dataSync<"float32">(), shape, want);
            tf.dispose([nchw, values[node]]);
          }
          assert.equal(offset, digests.length);
        }
        x.dispose();
      }
      assert.equal(tf.memory().numTensors, before, "tensors left behind");
    });
  }
}
