/**
 * Passes prepared for our own kernels.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { assignOffsets } from "./arena.ts";
import type { Device } from "./device.ts";
import type { Heap } from "./heap.ts";
import type {
  PassMemory,
  Prepared,
  PreparedJob,
  PreparedStep,
} from "./kernels.ts";
import type { Build } from "./operations.ts";
import { Program } from "./program.ts";
import { Recorder } from "./recorder.ts";
import type { Place, RecordedJob } from "./recording.ts";

const kernelName = "LayertapProgram";

/** A pass runs as a kernel of tfjs-core, so that profiles and tidies see it. */
function register(): void {
  if (tf.getKernel(kernelName, "wasm")) return;
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ attrs }) =>
      (attrs as unknown as { compute(): TensorInfo[] }).compute(),
  });
}

/** A program with the places of its inputs and outputs. */
export class PreparedPass implements Prepared {
  readonly #heap: Heap;
  readonly #program: Program;
  readonly #inputs: readonly Place[];
  readonly #outputs: readonly Place[];
  readonly #values: ReadonlyMap<string, Place>;

  /** Takes the same as `Kernels.prepare`. */
  constructor(
    device: Device,
    shapes: readonly (readonly number[])[],
    build: Build,
  ) {
    register();
    const recorder = new Recorder(device), { recording } = recorder;
    this.#heap = device.heap;
    this.#inputs = shapes.map((shape) => recording.input(shape));
    try {
      this.#outputs = build<Place>(recorder, this.#inputs);
      this.#values = recorder.values;
      const external = new Set([...this.#inputs, ...this.#outputs]);
      this.#program = new Program(recording, external);
    } catch (error) {
      for (const owned of recording.owned) owned.dispose();
      throw error;
    }
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const compute = () => {
      const heap = this.#heap, outputs: TensorInfo[] = [];
      try {
        this.#inputs.forEach((place, i) =>
          place.address = heap.address(inputs[i])
        );
        // Allocating them may grow the heap, but moves nothing.
        for (const place of this.#outputs) {
          const output = heap.output([...place.shape]);
          outputs.push(output);
          place.address = heap.address(output);
        }
        this.#program.run();
        return outputs;
      } catch (error) {
        for (const output of outputs) heap.discard(output);
        throw error;
      }
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

/** The memory of such a pass. Takes the same as `Kernels.prepare`. */
export function measurePass(
  device: Device,
  shapes: readonly (readonly number[])[],
  build: Build,
): PassMemory {
  const recorder = new Recorder(device), { recording } = recorder;
  try {
    const inputs = shapes.map((shape) => recording.input(shape));
    const outputs = build<Place>(recorder, inputs);
    const external = new Set([...inputs, ...outputs]);
    const inner = recording.places.filter((place) => !external.has(place));
    const { blocks } = assignOffsets(inner);
    return {
      outputs: outputs.map(({ shape }) => shape),
      kept: [recording.programBytes],
      peak: [...outputs.map(({ bytes }) => bytes), ...blocks],
    };
  } finally {
    for (const owned of recording.owned) owned.dispose();
  }
}

/** Describes a job. */
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
