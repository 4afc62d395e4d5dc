// stock: no, it counts bytes that a load takes
/** A `.pth` of resnet50 in its true size, 102 MB, which the tests write to a temporary folder. */

import assert from "node:assert/strict";
import { createModel } from "../../src/model/create_model.ts";
import type { Checkpoint, StoredTensor } from "../../src/weights/checkpoint.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { assertSentOnce, temporaryFolder } from "../weights/fetch_support.ts";
import { assertSameBits } from "../weights/fixtures.ts";
import { writePth } from "../weights/pth_writer.ts";
import { WeightsServer } from "../weights/server.ts";

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

/** Checks tensors from the beginning, the middle and the end of the file. */
async function assertReadBack(path: string): Promise<void> {
  const written = formulaCheckpoint("resnet50");
  const checkpoint = await openCheckpoint(path);
  assert.equal(checkpoint.tensors.size, 267 + 53); // 53 counters.
  for (const name of ["conv1.weight", "layer4.2.conv3.weight", "fc.bias"]) {
    assertSameBits(
      await checkpoint.read(name),
      await written.read(name),
      name,
    );
  }
  checkpoint.close();
}

Deno.test("resnet50: to layer1 at most 1 MiB, to layer3 at most 36 MB, nothing twice", async () => {
  await using server = new WeightsServer();
  await using folder = await temporaryFolder();
  const path = `${folder.path}/resnet50.pth`;
  await writePth(withCounters(formulaCheckpoint("resnet50")), path);
  await assertReadBack(path);
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
