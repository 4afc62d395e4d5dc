// stock: no, the network runs in another process
/** Ten times as many requests as the server can answer, for 4 seconds; `deno task soak:serve` runs for longer. */

import assert from "node:assert/strict";
import { load } from "../../scripts/serve_load.ts";

Deno.test("an overloaded server answers what it accepts and refuses the rest", async () => {
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
