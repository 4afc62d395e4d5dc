/** Networks, inputs, and torchvision's digests of every node. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  createModel,
  fromNCHW,
  type ModelOptions,
  startBackend,
  toNCHW,
} from "../../mod.ts";
import type { ArchRow } from "../../src/arch/table.ts";
import { compareDigest, digestLength } from "../support/digest.ts";
import { formulaCheckpoint, uniform } from "../support/formula.ts";

/** One network, one input, and torchvision's digest of every node. */
interface Case extends Omit<ArchRow, "name"> {
  input: [number, number, number];
  /** NCHW shapes by node name, in the order of the digests. */
  nodes: Record<string, number[]>;
}

const folder = new URL("../data/nodes/", import.meta.url);
const cases: Record<string, Case> = JSON.parse(
  await Deno.readTextFile(new URL("index.json", folder)),
);

/**
 * Every case as a test.
 *
 * @param setting What it is called, and the options of the models.
 * @param tolerance Of a node's largest value.
 */
export function testNodes(
  setting: string,
  options: ModelOptions,
  tolerance: number,
): void {
  for (const [name, { input, nodes, ...row }] of Object.entries(cases)) {
    Deno.test(`every node equals torchvision's, ${setting}: ${name} ${input}`, async () => {
      await startBackend();
      const before = tf.memory().numTensors;
      const [n, h, w] = input, c = row.inChannels ?? 3;
      const arch = { name, ...row };
      {
        const checkpoint = formulaCheckpoint(arch);
        using model = await createModel(arch, null, checkpoint, options);
        assert.deepEqual([...model.nodes().keys()], Object.keys(nodes));
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
            const want = digests.subarray(
              offset,
              offset += digestLength(shape),
            );
            if (!(node in values)) continue;
            const nchw = toNCHW(values[node]);
            const got = nchw.dataSync<"float32">();
            compareDigest(node, got, shape, want, tolerance);
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
