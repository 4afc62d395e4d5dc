/**
 * Layertap's side of the extraction bench.
 *
 *     extract_layertap.ts <arch> <weights> <picture…>
 *
 * @module
 */

import { createModel } from "../../mod.ts";
import { extractFiles } from "../../src/extract/mod.ts";

const [arch, weights, ...pictures] = Deno.args;
using model = await createModel(arch, "flatten", weights);
const pass = async (files: readonly string[]) =>
  await Array.fromAsync(extractFiles(model, files, ["flatten"]));
await pass(pictures.slice(0, 16));
const start = performance.now();
const features = await pass(pictures);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({
  seconds,
  last: [...features.at(-1)!.values!.flatten.data],
}));
