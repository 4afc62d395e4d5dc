// stock: no, the server runs in another process
/** The short form of `deno task attack`. */

import assert from "node:assert/strict";
import { attack } from "../../scripts/attack/main.ts";

Deno.test("attacks on a server, a worker and the command line: bounded, and the server is as before", async () => {
  const { costs, server: { first, last } } = await attack(true);
  assert(costs.length > 15);
  assert(last <= 1.3 * first, `${first} bytes at first, ${last} at the end`);
});
