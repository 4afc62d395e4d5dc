/** The short form of `deno task soak:kernels`. */

import assert from "node:assert/strict";
import { soakKernels } from "../../scripts/soak_kernels.ts";

Deno.test("many passes: the same bits, and a flat heap", async () => {
  const { first, last } = await soakKernels(600);
  assert.equal(last.tensors, first.tensors);
  assert.ok(last.wasm <= first.wasm + 4e6, `${first.wasm} to ${last.wasm}`);
});
