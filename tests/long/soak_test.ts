// stock: no, it asks for our own kernels and measures other processes
/** Memory stays flat over many pictures, passes and requests; `deno task soak:…` runs for longer. */

import assert from "node:assert/strict";
import { makePictures, measureMemory } from "../../scripts/soak_extract.ts";
import { soakKernels } from "../../scripts/soak_kernels.ts";
import { soakWorker } from "../../scripts/soak_worker.ts";
import { inFolder } from "../extract/support.ts";

Deno.test("extract: memory doesn't grow with the pictures", () =>
  inFolder(async (folder) => {
    await makePictures(folder, 160);
    const out = `${folder}/f.parquet`;
    const { first, peak, pictures } = await measureMemory(
      folder,
      out,
      "layer2",
    );
    assert.equal(pictures, 160);
    assert(first > 10e6 && peak - first < 50e6, `${first} to ${peak} bytes`);
  }));

Deno.test("kernels: many passes give the same bits and leave the heap flat", async () => {
  const { first, last } = await soakKernels(600);
  assert.equal(last.tensors, first.tensors);
  assert(last.wasm <= first.wasm + 4e6, `${first.wasm} to ${last.wasm}`);
});

Deno.test("worker: memory grows neither with the requests nor while answers are not taken", async () => {
  const { first, peak, sentAhead } = await soakWorker(3000, 1500);
  // The inputs alone would take far more.
  assert(first > 10e6 && peak - first < 60e6, `${first} to ${peak} bytes`);
  // The window, and the buffers of two pipes.
  assert(sentAhead < 1490, `${sentAhead} sent`);
});

Deno.test("anomaly: scores stay the same, and memory stays flat", async () => {
  // In a process of its own, without what other tests left to V8.
  const { success } = await new Deno.Command("deno", {
    args: ["run", "--allow-read", "scripts/soak_anomaly.ts", "400"],
  }).spawn().status;
  assert(success);
});
