/**
 * The bytes that a cut network takes from a `.pth` of the true size, counted at the server. The
 * file, 102 MB, is written to a temporary folder.
 */

import assert from "node:assert/strict";
import { createModel } from "../../src/model/create_model.ts";
import type { Checkpoint, StoredTensor } from "../../src/weights/checkpoint.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "./pth_writer.ts";
import { assertSentOnce, temporaryFolder } from "./fetch_support.ts";
import { WeightsServer } from "./server.ts";

/** A state dict as PyTorch has it, with the counters of its batch norms. */
function withCounters(checkpoint: Checkpoint): Checkpoint {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, info] of checkpoint.tensors) {
    tensors.set(name, info);
    if (!name.endsWith("running_var")) continue;
    const counter = name.replace("running_var", "num_batches_tracked");
    tensors.set(counter, { shape: [], dtype: "int64" });
  }
  return {
    ...checkpoint,
    tensors,
    read: (name) =>
      name.endsWith("num_batches_tracked")
        ? Promise.resolve(Float32Array.of(1))
        : checkpoint.read(name),
  };
}

Deno.test("resnet50: to layer1 at most 1 MiB, to layer3 at most 36 MB, nothing twice", async () => {
  await using server = new WeightsServer();
  await using folder = await temporaryFolder();
  const path = `${folder.path}/resnet50.pth`;
  await writePth(withCounters(formulaCheckpoint("resnet50")), path);
  const { size } = await Deno.stat(path);
  // As large as the official file, but for a few bytes of padding.
  assert.ok(Math.abs(size - 102_530_333) < 20_000, `${size} bytes`);
  const url = "https://example.com/resnet50.pth";
  await server.putFile(url, path);
  const options = { fetch: server.fetch, cache: `${folder.path}/cache` };
  const load = async (layer: string | null, cache: string | false) => {
    const model = await createModel("resnet50", layer, url, {
      ...options,
      cache,
    });
    model.dispose();
  };

  await load("layer1", false);
  assertSentOnce(server.served);
  assert.ok(server.sent <= 2 ** 20, `${server.sent} bytes`);

  server.reset();
  await load("layer1", options.cache);
  assert.ok(server.sent <= 2 ** 20, `${server.sent} bytes`);
  // From here on only what was not there before.
  await load("layer3", options.cache);
  assertSentOnce(server.served);
  assert.ok(server.sent <= 36e6, `${server.sent} bytes`);
  await load(null, options.cache);
  assertSentOnce(server.served);
  assert.equal(server.sent, size);

  server.reset();
  for (const layer of ["layer1", "layer3", null]) {
    await load(layer, options.cache);
  }
  assert.equal(server.served.length, 0);
});
