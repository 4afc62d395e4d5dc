/** Mutated inputs of every parser, in short: `deno task fuzz` is the long form. */

import assert from "node:assert/strict";
import { fuzz, type ParserName, parsers } from "../../scripts/fuzz_parsers.ts";

for (const name of Object.keys(parsers) as ParserName[]) {
  Deno.test(`${name}: 300 mutated inputs are read or refused`, async () => {
    const { refused } = await fuzz(name, 300, 1_000_000);
    assert.ok(refused > 100 && refused < 300, `${refused} refused`);
  });
}
