/** Every node of every architecture, beside torchvision's digests of it. */

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
import { compareDigest, digestLength, tolerance } from "../support/digest.ts";
import { direct, fastTolerance } from "../support/direct_weights.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";
import { tensorTest } from "../support/leaks.ts";

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
const { kernels } = await startBackend();

/** Checks a network's nodes, once with all of them watched, once with the ends of blocks. */
async function checkNodes(
  name: string,
  { input: [n, h, w], nodes, ...row }: Case,
  options: ModelOptions,
  tolerance: number,
): Promise<void> {
  const arch = { name, ...row }, c = row.inChannels ?? 3;
  using model = await createModel(
    arch,
    null,
    formulaCheckpoint(arch),
    options,
  );
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
      const want = digests.subarray(offset, offset += digestLength(shape));
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

for (const [name, each] of Object.entries(cases)) {
  const test = (setting: string, options: ModelOptions, tolerance: number) =>
    tensorTest(
      `every node equals torchvision's, ${setting}: ${name} ${each.input}`,
      () => checkNodes(name, each, options, tolerance),
    );
  test(`${kernels} kernels`, {}, fastTolerance);
  if (kernels === "own") test("direct convolutions", direct, tolerance);
}
