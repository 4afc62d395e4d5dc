/**
 * onnxruntime on an `.onnx` file: `onnxruntime.ts <arch> <batch> <web|node> <threads>`.
 *
 * `web` is its WebAssembly build (with SIMD) and `node` its native add-on, both in Deno. By default
 * `web` uses one thread in Deno; `numThreads` starts more.
 */

import { makeInput, serve } from "./serve.ts";

/** The part of onnxruntime-common in use, which both packages export. */
interface OnnxRuntime {
  readonly env: {
    wasm: { numThreads?: number };
    versions: { common: string };
  };
  readonly Tensor: new (
    type: "float32",
    data: Float32Array,
    dims: readonly number[],
  ) => { readonly data: unknown };
  readonly InferenceSession: {
    create(model: Uint8Array, options: {
      executionProviders: string[];
      intraOpNumThreads: number;
    }): Promise<{
      run(feeds: { x: unknown }): Promise<{ y: { data: Float32Array } }>;
    }>;
  };
}

const [arch, batch, kind, wanted] = Deno.args;
const threads = Number(wanted);
// The packages are large (430 MB). Named like this, neither a type check nor deno.json's lock file
// brings them to everybody's disk: they have a lock file of their own.
const { env, InferenceSession, Tensor }: OnnxRuntime = await import(
  `npm:onnxruntime-${kind}@1.30.0`
);
if (kind === "web") env.wasm.numThreads = threads;
const model = new URL(`../models/${arch}.onnx`, import.meta.url);
const session = await InferenceSession.create(await Deno.readFile(model), {
  executionProviders: [kind === "web" ? "wasm" : "cpu"],
  intraOpNumThreads: threads,
});
const { shape, values } = makeInput(Number(batch));
const x = new Tensor("float32", values, shape);

await serve({
  name: `onnxruntime-${kind} ${env.versions.common}`,
  threads,
  forward: async () => (await session.run({ x })).y.data,
});
