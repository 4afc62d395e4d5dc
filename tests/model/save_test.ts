/** Models written from memory. Writes into a temporary folder. */

import assert from "node:assert/strict";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { ArchRow } from "../../src/arch/table.ts";
import { createModel } from "../../src/model/create_model.ts";
import type { ResNet } from "../../src/model/model.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { closeTo, take } from "../support/close.ts";
import { direct, fastTolerance } from "../support/direct_weights.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";
import { cosine } from "../weights/fixtures.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const path = join(folder, "model.npz");

/** Both blocks, groups, and channels that a filter can't be divided by (see `formula.ts`). */
const rows: readonly ArchRow[] = [
  { name: "basic", block: "BasicBlock", layers: [1, 1, 1, 1], numClasses: 7 },
  {
    name: "grouped",
    block: "Bottleneck",
    layers: [1, 1, 1, 1],
    groups: 32,
    widthPerGroup: 4,
    numClasses: 0,
  },
];
const input = (): Tensor4D =>
  tf.tensor4d(uniform("x", 2 * 64 * 64 * 3), [2, 64, 64, 3]);

function assertSameOutputs(
  a: ResNet,
  b: ResNet,
  names: readonly string[],
  tolerance: number,
): void {
  const x = input();
  const [ofA, ofB] = [a.extract(x, names), b.extract(x, names)];
  for (const name of names) {
    closeTo(take(ofB[name]), take(ofA[name]), tolerance, name);
  }
  x.dispose();
}

for (const row of rows) {
  Deno.test(`${row.name}: a saved model has the same outputs, at every node`, async () => {
    using model = await createModel(row, null, formulaCheckpoint(row), direct);
    await model.save(path);
    using again = await createModel(row, null, path, direct);
    assertSameOutputs(model, again, [model.outputLayer, "layer1"], 1e-6);
    // Rounding adds up, as it does between two orders of summation.
    assertSameOutputs(model, again, [...model.nodes().keys()], 3e-6);

    const checkpoint = await openCheckpoint(path);
    const given = formulaCheckpoint(row);
    assert.deepEqual([...checkpoint.tensors], [...given.tensors]);
    assert.equal(checkpoint.metadata?.arch, row.name);
    assert.deepEqual(checkpoint.metadata?.preset, model.preset);
    // What no batch norm hides is the same to the last bit or two.
    const filter = await checkpoint.read("layer2.0.conv2.weight");
    const original = await given.read("layer2.0.conv2.weight");
    filter.forEach((value, i) =>
      assert.ok(Math.abs(value - original[i]) <= 2e-7 * Math.abs(original[i]))
    );
    checkpoint.close();
  });
}

Deno.test("a model of the fast setting is saved as exactly as it computes", async () => {
  const [row] = rows;
  using model = await createModel(row, "layer3", formulaCheckpoint(row));
  await model.save(path);
  using again = await createModel(row, "layer3", path);
  assertSameOutputs(model, again, [...model.nodes().keys()], fastTolerance);

  const checkpoint = await openCheckpoint(path);
  const filter = await checkpoint.read("layer2.0.conv2.weight");
  const original = await formulaCheckpoint(row).read("layer2.0.conv2.weight");
  closeTo(filter, original, 3e-7);
  checkpoint.close();
});

Deno.test("a cut model saves what it has; a truncated one as well, inside of a block", async () => {
  const [row] = rows;
  using model = await createModel(
    row,
    "layer2",
    formulaCheckpoint(row),
    direct,
  );
  using front = model.truncate("layer1.0.conv2");
  await front.save(path);
  using again = await createModel(row, "layer1.0.conv2", path, direct);
  assertSameOutputs(front, again, ["layer1.0.conv2"], 3e-6);
  const { tensors } = await openCheckpoint(path);
  assert.equal([...tensors.keys()].at(-1), "layer1.0.conv2.weight");
});

Deno.test("another head is saved with the rest", async () => {
  const [row] = rows;
  using model = await createModel(row, null, formulaCheckpoint(row), direct);
  const weight = uniform("head", 3 * 512), bias = Float32Array.of(1, 2, 3);
  using other = model.withHead({ weight, bias });
  await other.save(path);
  using again = await createModel(
    { ...row, numClasses: 3 },
    null,
    path,
    direct,
  );
  assertSameOutputs(other, again, ["fc", "avgpool"], 1e-6);
});

Deno.test("float16 and int8 are smaller, and near", async () => {
  const [row] = rows;
  using model = await createModel(
    row,
    "layer3",
    formulaCheckpoint(row),
    direct,
  );
  const x = input();
  const exact = model.forward(x).dataSync<"float32">();
  const sizes: number[] = [];
  for (
    const [dtype, least] of [["float16", 0.99999], ["int8", 0.999]] as const
  ) {
    await model.save(path, { dtype });
    sizes.push(Deno.statSync(path).size);
    using again = await createModel(row, "layer3", path);
    const near = cosine(exact, again.forward(x).dataSync<"float32">());
    assert.ok(near >= least && near < 1, `${dtype}: ${near}`);
  }
  assert.ok(sizes[0] < 0.52 * model.weightBytes);
  assert.ok(sizes[1] < 0.55 * sizes[0]);
});

Deno.test("a disposed model can't be saved, nor one to where there is no folder", async () => {
  const model = await createModel(rows[0], "conv1");
  await assert.rejects(model.save(join(folder, "none", "a.npz")), {
    message: /^cannot write ".*none.a\.npz": /,
  });
  model.dispose();
  await assert.rejects(model.save(path), { message: /was disposed/ });
});
