/**
 * One run of the load bench, in a new process.
 *
 * `load_case.ts <layertap|onnxruntime> <file>` prints a JSON line.
 *
 * @module
 */

import process from "node:process";

/** The library that loads. */
export type Loader = "layertap" | "onnxruntime";

/** The cost of a load. */
export interface Loaded {
  /** Resident bytes with the library and its backend started, before the model. */
  readonly rssBefore: number;
  /** The peak resident set until the model was loaded. */
  readonly peakRss: number;
  readonly milliseconds: number;
}

/** Starts a library; returns a function that loads the file. */
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
    const name = "npm:onnxruntime-web@1.30.0"; // Hidden from the type check, since it is large.
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
