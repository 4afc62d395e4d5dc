/** A process that may read pictures, but not this package's files. */

import assert from "node:assert/strict";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { startInputLoader } from "../../src/extract/input_loader.ts";

await using loader = startInputLoader(imagenetPreset, 2);
const inputs = await Promise.all(
  [0, 1, 2].map(() => loader.load(Deno.args[0])),
);
for (const { shape } of inputs) assert.deepEqual(shape, [224, 224, 3]);
await assert.rejects(loader.load("examples/images/no.png"), /no such file/);
