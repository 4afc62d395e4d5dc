/// <reference lib="dom" />
/**
 * The contestants in the page, by name: from input values to logits.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { createModel, startBackend } from "../../mod.ts";
import { formulaCheckpoint } from "../../tests/support/formula.ts";

/** A loaded network: NHWC or NCHW in, logits out. */
type Forward = () => Promise<Float32Array>;

/** The part of `@litertjs/core` in use. */
interface LiteRt {
  loadLiteRt(path: string, options: { threads: boolean }): Promise<unknown>;
  loadAndCompile(model: Uint8Array, options: object): Promise<{
    run(input: unknown): Promise<LiteRtTensor[]>;
  }>;
  readonly Tensor: new (
    values: Float32Array,
    shape: readonly number[],
  ) => LiteRtTensor;
}
interface LiteRtTensor {
  data(): Promise<Float32Array>;
  delete(): void;
}

/** The part of `onnxruntime-web` in use. */
interface OnnxRuntime {
  readonly env: { wasm: { numThreads: number; wasmPaths: string } };
  readonly Tensor: new (
    type: "float32",
    data: Float32Array,
    shape: readonly number[],
  ) => unknown;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{
      run(feeds: object): Promise<{ y: { data: Float32Array } }>;
    }>;
  };
}

const load = async (file: string) => {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

const contestants: Record<
  string,
  (arch: string, threads: number, input: Float32Array) => Promise<Forward>
> = {
  async layertap(arch, threads, input) {
    await startBackend({ kernels: "own", threads });
    const model = await createModel(arch, null, formulaCheckpoint(arch));
    return async () => {
      const x = tf.tensor4d(input, [1, 224, 224, 3]);
      const logits = model.forward(x);
      const values = await logits.data<"float32">();
      tf.dispose([x, logits]);
      return values;
    };
  },

  async litert(arch, numThreads, input) {
    const name = "@litertjs/core"; // The page's import map resolves it.
    const { loadLiteRt, loadAndCompile, Tensor }: LiteRt = await import(name);
    await loadLiteRt("node_modules/@litertjs/core/wasm/", { threads: true });
    const model = await loadAndCompile(await load(`${arch}.tflite`), {
      accelerator: "wasm",
      cpuOptions: { numThreads },
    });
    return async () => {
      const x = new Tensor(input, [1, 224, 224, 3]);
      const [logits] = await model.run(x);
      const values = await logits.data();
      x.delete();
      logits.delete();
      return values;
    };
  },

  async onnxruntime(arch, numThreads, input) {
    const name = "onnxruntime-web";
    const { env, Tensor, InferenceSession }: OnnxRuntime = await import(name);
    env.wasm.numThreads = numThreads;
    env.wasm.wasmPaths = new URL(
      "node_modules/onnxruntime-web/dist/",
      document.baseURI,
    ).href;
    const session = await InferenceSession.create(await load(`${arch}.onnx`), {
      executionProviders: ["wasm"],
    });
    const planes = new Float32Array(input.length);
    const size = 224 * 224;
    input.forEach((value, i) =>
      planes[i % 3 * size + Math.floor(i / 3)] = value
    );
    return async () => {
      const x = new Tensor("float32", planes, [1, 3, 224, 224]);
      return (await session.run({ x })).y.data;
    };
  },
};

/** A page's measurements: milliseconds of each contestant, and the error of its logits. */
export interface Measured {
  readonly times: Record<string, number[]>;
  readonly off: Record<string, number>;
}

/** Passes that count in each turn, after a first one that doesn't. */
const passes = 4;

/** Milliseconds for which other contestants' threads keep looking for work before they sleep. */
const silence = 100;

/** Runs the contestants in turns, after some warm-up passes. */
async function measure(
  arch: string,
  threads: number,
  rounds: number,
): Promise<Measured> {
  // Noise from a fixed seed, so that all channels and places differ.
  let state = 1;
  const input = Float32Array.from({ length: 224 * 224 * 3 }, () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return state / 2 ** 31 - 1;
  });
  const forwards: [string, Forward][] = [];
  for (const [name, start] of Object.entries(contestants)) {
    forwards.push([name, await start(arch, threads, input)]);
  }
  const logits = new Map<string, Float32Array>();
  for (let pass = 0; pass < 8; pass++) {
    for (const [name, forward] of forwards) {
      logits.set(name, Float32Array.from(await forward()));
    }
  }
  const times: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, forward] of forwards) {
      await new Promise((resolve) => setTimeout(resolve, silence));
      await forward();
      for (let pass = 0; pass < passes; pass++) {
        const start = performance.now();
        await forward();
        (times[name] ??= []).push(performance.now() - start);
      }
    }
  }
  const [expected] = logits.values();
  const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const off = Object.fromEntries(
    [...logits].map(([name, values]) => [
      name,
      values.reduce((a, b, i) => Math.max(a, Math.abs(b - expected[i])), 0) /
      largest,
    ]),
  );
  return { times, off };
}

Object.assign(globalThis, { measure });
