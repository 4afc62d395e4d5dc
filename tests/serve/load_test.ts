/** Ten times as many requests as can be served, for a short time; `deno task load` is the long form. */

import assert from "node:assert/strict";
import { load } from "../../scripts/serve_load.ts";

Deno.test("under a load that is too much, what is accepted is answered and the rest refused", async () => {
  const picture = await Deno.readFile("tests/data/image/progressive_420.jpg");
  const { statuses, memory, accepted, served } = await load(
    "mlnet_resnet18",
    picture,
    4,
  );
  assert.deepEqual(Object.keys(statuses), ["200", "429"]);
  assert(statuses[429] > statuses[200], JSON.stringify(statuses));
  assert(accepted > 0 && served.after > 0);
  const [before, peak] = memory;
  assert(peak < before + 300, `${before} MiB before, ${peak} MiB at the peak`);
});
