/** model.fingerprint. */

import assert from "node:assert/strict";
import { createModel } from "../../mod.ts";
import { compareFingerprints } from "../../src/model/fingerprint.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import { writePacked } from "../../src/weights/pack.ts";
import { inFolder, tiny } from "../extract/support.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { pthBytes } from "../weights/pth_writer.ts";

const row = { ...tiny, numClasses: 3 };
const checkpoint = formulaCheckpoint(row);
const layers = ["conv1", "relu", "layer1.0.conv2", "layer4", "flatten", "fc"];

async function fingerprints(
  weights: Uint8Array | Checkpoint | string,
  upTo?: string,
): Promise<Map<string, string>> {
  using model = await createModel(row, upTo, weights);
  const names = upTo ? [upTo] : layers;
  const found = names.map(async (name) =>
    [name, await model.fingerprint(name)] as const
  );
  return new Map(await Promise.all(found));
}

/** How fingerprints compare, in the order of the layers. */
const compared = (a: Map<string, string>, b: Map<string, string>) =>
  layers.map((name) => compareFingerprints(a.get(name)!, b.get(name)!));

Deno.test("fingerprint: the same in every format and at every cut", async () => {
  const want = await fingerprints(checkpoint);
  // The pooled features depend on the same weights as layer4.
  assert.equal(want.get("flatten"), want.get("layer4"));
  assert.equal(new Set(want.values()).size, layers.length - 1);
  for (const text of want.values()) {
    assert.match(text, /^[0-9a-f]{16}-[0-9a-f]{16}-[0-9a-f]{16}$/);
  }
  for (
    const bytes of [
      await pthBytes(checkpoint),
      await writePacked(checkpoint, { dtype: "float32" }),
    ]
  ) assert.deepEqual(await fingerprints(bytes), want);
  for (const layer of layers) {
    const cut = await fingerprints(checkpoint, layer);
    assert.equal(cut.get(layer), want.get(layer), layer);
  }
});

Deno.test("fingerprint: rounded copies are told from others", async () => {
  const want = await fingerprints(checkpoint);
  for (const dtype of ["float16", "int8"] as const) {
    const bytes = await writePacked(checkpoint, { dtype });
    const found = await fingerprints(bytes);
    assert.deepEqual(compared(found, want), layers.map(() => "rounded"));
  }
});

Deno.test("fingerprint: other weights, other settings", async () => {
  const want = await fingerprints(checkpoint);
  const changed = (name: string): Checkpoint => ({
    ...checkpoint,
    async read(tensor) {
      const values = await checkpoint.read(tensor);
      return tensor === name ? values.map((x) => x * 1.001) : values;
    },
  });
  // Training with frozen batch norms and a frozen stem.
  const frozen = await fingerprints(changed("layer3.0.conv1.weight"));
  assert.deepEqual(compared(frozen, want), [
    ...["same", "same", "same"],
    ...["rounded", "rounded", "rounded"],
  ]);
  const tuned = await fingerprints(changed("bn1.running_mean"));
  const [conv1, ...rest] = compared(tuned, want);
  assert.equal(conv1, "same");
  assert(rest.every((is) => is === "other"));
  // Fresh weights have the same batch norms.
  using one = await createModel(row, "layer4");
  using two = await createModel(row, "layer4", false, { seed: 1 });
  const fresh = [one, two].map((model) => model.fingerprint("layer4"));
  const [first, second] = await Promise.all(fresh);
  assert.equal(first.slice(0, 16), second.slice(0, 16));
  assert.equal(compareFingerprints(first, second), "other");

  const bottleneck = { ...row, block: "Bottleneck" } as const;
  const weights = formulaCheckpoint(bottleneck);
  using model = await createModel(bottleneck, null, weights);
  using dilated = await createModel(bottleneck, null, weights, {
    replaceStrideWithDilation: [false, true, true],
  });
  assert.notEqual(
    await dilated.fingerprint("layer4"),
    await model.fingerprint("layer4"),
  );
});

Deno.test("fingerprint: saved models, and models with another head", () =>
  inFolder(async (folder) => {
    const want = await fingerprints(checkpoint);
    using model = await createModel(row, null, checkpoint);
    await model.save(`${folder}/a.npz`);
    assert.deepEqual(await fingerprints(`${folder}/a.npz`), want);
    await model.save(`${folder}/b.npz`, { dtype: "int8" });
    const rounded = await fingerprints(`${folder}/b.npz`);
    assert.deepEqual(compared(rounded, want), layers.map(() => "rounded"));

    const head = {
      weight: new Float32Array(2 * 512).fill(1),
      bias: new Float32Array(2),
    };
    using other = model.withHead(head);
    assert.equal(await other.fingerprint("flatten"), want.get("flatten"));
    assert.notEqual(await other.fingerprint("fc"), want.get("fc"));
    using front = model.truncate("layer1");
    await assert.rejects(front.fingerprint("layer4"), RangeError);
  }));
