// stock: no, it damages files and requests
/** Mutated files and requests, 300 of each kind; `deno task fuzz` and `fuzz:serve` run for longer. */

import assert from "node:assert/strict";
import { type ParserName, parsers } from "../../scripts/fuzz_parsers.ts";
import { fuzz } from "../../scripts/fuzz_run.ts";
import { fuzzServer } from "../../scripts/serve_fuzz.ts";

for (const name of Object.keys(parsers) as ParserName[]) {
  Deno.test(`${name}: 300 mutated inputs are read or refused`, async () => {
    const { refused } = await fuzz(name, 300, 1_000_000);
    assert(refused > 100 && refused < 300, `${refused} refused`);
  });
}

Deno.test("serve: 300 mutated requests never get the server's own errors", async () => {
  const { statuses, tensors } = await fuzzServer(300, 1_000_000);
  const { 200: answered = 0, ...others } = statuses;
  assert(answered > 20, `${answered} were answered`);
  assert(Object.keys(others).length > 4, JSON.stringify(others));
  assert.equal(tensors.after, tensors.before);
});
