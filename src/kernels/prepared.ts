/**
 * Passes through some steps, prepared for our own kernels.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { Heap } from "./heap.ts";
import type { Build, Prepared, PreparedJob, PreparedStep } from "./kernels.ts";
import { type Place, Program, type RecordedJob } from "./program.ts";
import { Recorder } from "./recorder.ts";
import type { Runtime } from "./means.ts";

const kernelName = "LayertapProgram";

/** What runs is a kernel for tfjs-core, so that profiles and tidies see it like any other. */
function register(): void {
  if (tf.getKernel(kernelName, "wasm")) return;
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ attrs }) =>
      (attrs as unknown as { compute(): TensorInfo[] }).compute(),
  });
}

/** Jobs, laid out for inputs of certain shapes. */
export class OwnPrepared implements Prepared {
  readonly #heap: Heap;
  readonly #program: Program;
  readonly #inputs: readonly Place[];
  readonly #outputs: readonly Place[];
  readonly #values: ReadonlyMap<string, Place>;

  /** @param build As for `Kernels.prepare`. */
  constructor(
    runtime: Runtime,
    shapes: readonly (readonly number[])[],
    build: Build,
  ) {
    register();
    const recorder = new Recorder(runtime), { recording } = recorder;
    this.#heap = runtime.heap;
    this.#inputs = shapes.map((shape) => recording.input(shape));
    this.#outputs = build<Place>(recorder, this.#inputs);
    this.#values = recorder.values;
    const external = new Set([...this.#inputs, ...this.#outputs]);
    this.#program = new Program(recording, external);
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const compute = () => {
      const heap = this.#heap;
      const outputs = this.#outputs.map(({ shape }) => heap.output([...shape]));
      // Each of them may have moved nothing, but made the heap grow.
      this.#inputs.forEach((place, i) =>
        place.address = heap.address(inputs[i])
      );
      this.#outputs.forEach((place, i) =>
        place.address = heap.address(outputs[i])
      );
      this.#program.run();
      return outputs;
    };
    const named = Object.fromEntries(inputs.map((x, i) => [`x${i}`, x]));
    return tf.engine().runKernel(
      kernelName,
      named,
      { compute } as never,
    ) as unknown as Tensor[];
  }

  get arenaBytes(): number {
    return this.#program.arenaBytes;
  }

  get steps(): PreparedStep[] {
    const { jobs, arena } = this.#program;
    return [...this.#values].map(([name, place]) => {
      const offset = arena.get(place);
      return {
        name,
        jobs: jobs.filter(({ label }) => label === name).map(jobOf),
        shape: place.shape,
        slot: offset === undefined ? null : { offset, bytes: place.bytes },
      };
    });
  }

  dispose(): void {
    this.#program.dispose();
  }
}

/** What a job is, for whoever prints it. */
function jobOf({ task, chunks, fields }: RecordedJob): PreparedJob {
  const cut = [
    ["tiles", "tilesPerChunk"],
    ["panels", "panelsPerChunk"],
    ["rows", "rowsPerChunk"],
  ].flatMap(([all, share]) =>
    fields[share] ? [`${fields[share]} of ${fields[all]} ${all}`] : []
  );
  return { task, chunks, chunk: cut.join(" by ") };
}
