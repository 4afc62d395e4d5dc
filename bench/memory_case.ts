/**
 * One row of the memory bench, in a new process.
 *
 * `memory_case.ts <file> <outputLayer> <forward|extract|truncate> <options>` prints a JSON line; the
 * options are `createModel`'s, as JSON.
 *
 * @module
 */

import process from "node:process";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { createModel, type ResNet, startBackend } from "../mod.ts";

/** Memory use of a process, in bytes. */
export interface Usage {
  /** The backend's WebAssembly memory; it never shrinks. */
  readonly wasmHeap: number;
  /** tfjs's number of tensors, and their bytes. */
  readonly tensors: number;
  readonly tensorBytes: number;
  /** JavaScript objects and array buffers, after a collection. */
  readonly jsHeap: number;
  /** The resident set. */
  readonly rss: number;
  /** The peak resident set. */
  readonly peakRss: number;
}

/** The usage at three moments. */
export interface Report {
  /** The backend runs and the input exists; nothing is loaded. */
  readonly started: Usage;
  /** `createModel` has returned. */
  readonly created: Usage;
  /** The forward pass has returned; its results are alive. */
  readonly ran: Usage;
  /** Bytes of the packed weights. */
  readonly weightBytes: number;
}

/** What to run: the output, one more node as well, or a truncated model as well. */
export type Run = "forward" | "extract" | "truncate";

function results(model: ResNet, x: Tensor4D, run: Run): Tensor[] {
  switch (run) {
    case "forward":
      return [model.forward(x)];
    case "extract":
      return Object.values(model.extract(x, ["fc", "layer3"]));
    case "truncate":
      return [model.forward(x), model.truncate("layer3").forward(x)];
  }
}

function usage(): Usage {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  const { numBytes, numTensors } = tf.memory();
  return {
    wasmHeap: wasm.HEAPU8.length,
    tensors: numTensors,
    tensorBytes: numBytes,
    jsHeap: heapUsed + external,
    rss,
    peakRss: process.resourceUsage().maxRSS * 1024,
  };
}

const [file, outputLayer, run, options] = Deno.args;
await startBackend();
const x: Tensor4D = tf.zeros([1, 224, 224, 3]);
const started = usage();
const model = await createModel(
  "resnet50",
  outputLayer,
  file,
  JSON.parse(options),
);
const { weightBytes } = model;
const created = usage();
const held = results(model, x, run as Run);
const ran = usage();
tf.dispose(held);
console.log(
  JSON.stringify({ started, created, ran, weightBytes } satisfies Report),
);
