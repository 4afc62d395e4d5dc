/**
 * One run of the load bench, in a process of its own.
 *
 * `load_case.ts <layertap|onnxruntime> <file>` prints a JSON line.
 *
 * @module
 */

import process from "node:process";

/** Who loads. */
export type Loader = "layertap" | "onnxruntime";

/** What a load took. */
export interface Loaded {
  /** Resident before, in bytes: the library and its backend are there, no model is. */
  readonly rssBefore: number;
  /** The highest that the resident set was until the model was there. */
  readonly peakRss: number;
  readonly milliseconds: number;
}

/** Gets a library ready; what comes back loads the file. */
const prepare: Record<
  Loader,
  (file: string) => Promise<() => Promise<unknown>>
> = {
  async layertap(file) {
    const { createModel, startBackend } = await import("../mod.ts");
    await startBackend();
    return () => createModel("resnet50", null, file);
  },
  async onnxruntime(file) {
    const name = "npm:onnxruntime-web@1.30.0"; // Not known to the type check: it is large.
    const { InferenceSession } = await import(name);
    return async () =>
      await InferenceSession.create(await Deno.readFile(file), {
        executionProviders: ["wasm"],
      });
  },
};

const [loader, file] = Deno.args;
const load = await prepare[loader as Loader](file);
const rssBefore = Deno.memoryUsage().rss;
const start = performance.now();
const model = await load();
const milliseconds = performance.now() - start;
const peakRss = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({ rssBefore, peakRss, milliseconds } satisfies Loaded),
);
if (!model) throw new Error("nothing was loaded");
Deno.exit();
