/** 200 random shapes around the limit of WebAssembly's memory; `deno task soak:limits` tries more. */

import assert from "node:assert/strict";
import { soakLimits } from "../../scripts/soak_limits.ts";

Deno.test("each shape answers or is refused, and no bit of any model changes", async () => {
  const near = await soakLimits(190, 1, 300e6);
  assert(near.answered > 20 && near.refused > 50, JSON.stringify(near));
  // With all of the memory: inputs of hundreds of megabytes.
  const far = await soakLimits(10, 2);
  assert.equal(far.answered + far.refused, 10);
});
