/**
 * What the parts of an extraction take, on one core.
 *
 *     extract_parts.ts <arch> <weights> <draft: 0 or 1> <picture…>
 *
 * @module
 */

import process from "node:process";
import { createModel, decodeImage, startBackend } from "../../mod.ts";
import { decodeAndCrop } from "../../src/image/decode.ts";
import { readBytes } from "../../src/runtime/open_source.ts";
import { resizeAndCrop } from "../../src/image/transform.ts";

const [arch, weights, draft, ...pictures] = Deno.args;
await startBackend({ threads: 1 });
using model = await createModel(arch, "flatten", weights);
const { preset } = model;
const options = {
  draft: draft === "1"
    ? [preset.resizeSize, preset.resizeSize] as const
    : undefined,
};
const files = await Promise.all(pictures.map((path) => Deno.readFile(path)));

/** CPU milliseconds for a picture, after a first that warms up. */
async function measure(work: (i: number) => unknown): Promise<number> {
  await work(0);
  const { user, system } = process.cpuUsage();
  for (let i = 1; i < files.length; i++) await work(i);
  const since = process.cpuUsage({ user, system });
  return (since.user + since.system) / 1000 / (files.length - 1);
}

const crop = await measure(async (i) =>
  decodeAndCrop(await readBytes(files[i]), preset, options)
);
const whole = await decodeImage(files[0], options);
const resize = await measure(() => resizeAndCrop(whole, preset));
const input = model.preprocess(Array(8).fill(whole));
const network = await measure(async () => {
  const output = model.forward(input);
  await output.data();
  output.dispose();
}) / 8;
console.log(JSON.stringify({ decode: crop - resize, resize, network }));
