/**
 * Layertap's side of the extraction benches.
 *
 *     extract_layertap.ts <arch> <weights> <draft: 0 or 1> <picture…>
 *
 * @module
 */

import process from "node:process";
import { createModel } from "../../mod.ts";
import { extractFiles } from "../../src/extract/mod.ts";

const [arch, weights, draft, ...pictures] = Deno.args;
const options = { draft: draft === "1" };
using model = await createModel(arch, "flatten", weights);
const pass = async (files: readonly string[]) =>
  await Array.fromAsync(extractFiles(model, files, ["flatten"], options));
await pass(pictures.slice(0, 16));
const cpu = process.cpuUsage();
const start = performance.now();
const features = await pass(pictures);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({
  seconds,
  cpuSeconds: (user + system) / 1e6,
  last: [...features.at(-1)!.values!.flatten.data],
}));
