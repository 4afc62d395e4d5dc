/**
 * Every module of ResNet-D, beside timm's digests of it: `scripts/make_resnetd_goldens.py`.
 *
 * timm adds the shortcut to the last batch norm's output in place, so a digest of that output is the
 * sum's.
 *
 * @module
 */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  createModel,
  fromNCHW,
  type ModelOptions,
  toNCHW,
} from "../../mod.ts";
import { compareDigest, digestLength } from "../support/digest.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

/** One network in timm's words, one input, and timm's digest of every module. */
export interface Case {
  readonly block: ArchRow["block"];
  readonly layers: ArchRow["layers"];
  readonly cardinality?: number;
  readonly base_width?: number;
  readonly num_classes?: number;
  readonly in_chans?: number;
  readonly output_stride?: 8 | 16;
  readonly input: readonly [number, number, number];
  /** NCHW shapes by module, in the order of the digests. */
  readonly nodes: Readonly<Record<string, number[]>>;
  /** Modules that return what another one returned. */
  readonly same: Readonly<Record<string, string>>;
}

/** The goldens. */
export const folder = new URL("../data/resnetd/", import.meta.url);
/** All networks by name. */
export const cases: Record<string, Case> = JSON.parse(
  await Deno.readTextFile(new URL("index.json", folder)),
);

function rowOf(name: string, each: Case): ArchRow {
  const dilated = {
    8: [false, true, true],
    16: [false, false, true],
  } as const;
  return {
    name,
    block: each.block,
    layers: each.layers,
    groups: each.cardinality,
    widthPerGroup: each.base_width,
    numClasses: each.num_classes,
    inChannels: each.in_chans,
    replaceStrideWithDilation: each.output_stride &&
      dilated[each.output_stride],
    deepStem: true,
    avgDown: true,
  };
}

/** Checks a network's modules, once with all of them watched, once with few. */
export async function checkNodes(
  name: string,
  each: Case,
  options: ModelOptions,
  tolerance: number,
): Promise<void> {
  const { input: [n, h, w], nodes, same } = each;
  const arch = rowOf(name, each), c = arch.inChannels ?? 3;
  using model = await createModel(
    arch,
    null,
    formulaCheckpoint(arch),
    options,
  );
  const modules = [...model.namedModules().keys()].filter((name) => name);
  assert.deepEqual(
    modules.toSorted(),
    [...Object.keys(nodes), ...Object.keys(same)].sort(),
  );
  const all = [...model.nodes().keys()];
  for (const node of all) {
    assert.ok(node in nodes || node in same || node.endsWith(".add"), node);
  }
  const lastNorm = each.block === "BasicBlock"
    ? /(?<=layer.*)\.bn2$/
    : /\.bn3$/;
  const x = tf.tidy(() =>
    fromNCHW(tf.tensor(uniform("input", n * c * h * w), [n, c, h, w]))
  );
  const digests = new Float32Array(
    (await Deno.readFile(new URL(`${name}.f32`, folder))).buffer,
  );
  const few = Object.keys(nodes).filter((node) =>
    /act\d$|^layer\d\.\d\.bn1$|pool|downsample\.0|fc/.test(node)
  );
  const passes = [[...new Set([...modules, ...all])], few];
  for (const watched of passes) {
    const values = model.extract(x, watched);
    let offset = 0;
    for (const [name, shape] of Object.entries(nodes)) {
      const want = digests.subarray(offset, offset += digestLength(shape));
      const node = name.replace(lastNorm, ".add");
      if (!(node in values)) continue;
      const nchw = toNCHW(values[node]);
      const got = nchw.dataSync<"float32">();
      compareDigest(node, got, shape, want, tolerance);
      nchw.dispose();
    }
    assert.equal(offset, digests.length);
    for (const [module, other] of Object.entries(same)) {
      if (!(module in values)) continue;
      const [one, two] = [values[module], values[other]];
      assert.deepEqual(one.shape, two.shape);
      assert.ok(
        tf.tidy(() => tf.all(tf.equal(one, two)).dataSync()[0]),
        module,
      );
    }
    tf.dispose(values);
  }
  x.dispose();
}
