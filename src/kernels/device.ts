/**
 * What our kernels compute with: the backend's heap, and threads.
 *
 * @module
 */

import { load } from "../runtime/wasm/load.js";
import type { KernelModules } from "../runtime/given_modules.ts";
import { type Block, Heap } from "./heap.ts";
import { Pool, type PoolOptions } from "./pool.ts";

/** How to start. */
export interface DeviceOptions extends Pick<PoolOptions, "words"> {
  /** Threads, the caller included; a heap that isn't shared has one. */
  readonly threads: number;
  /** False: without relaxed SIMD. Default: where the engine has it. */
  readonly relaxed?: boolean;
  /** Compiled kernels; of the others, this package's are loaded. */
  readonly modules?: KernelModules;
}

/**
 * Starts on the backend that runs. Nobody waits for the threads.
 *
 * @throws {Error} If the backend's memory is out of reach, or there is no SIMD.
 */
export async function startDevice(
  { threads, relaxed, words, modules = {} }: DeviceOptions,
): Promise<Device> {
  const heap = new Heap();
  const { relaxedSimd } = await import("wasm-feature-detect");
  const memory = heap.shared ? "Shared" : "";
  const given = modules[`plain${memory}`];
  let fused = relaxed ?? await relaxedSimd();
  if (given && !modules[`relaxed${memory}`]) fused = false;
  const module = fused
    ? modules[`relaxed${memory}`] ?? await load(`kernelsRelaxed${memory}`)
    : given ?? await load(`kernelsPlain${memory}`);
  return new Device(heap, module, fused ? 6 : 5, threads, { words });
}

/** A heap with the threads that work on it. */
export class Device {
  readonly pool: Pool;
  #zeros: Block | null = null;

  /**
   * @param module The kernels, compiled for the heap's kind of memory.
   * @param rows Rows of a full tile in that build.
   */
  constructor(
    readonly heap: Heap,
    module: WebAssembly.Module,
    readonly rows: number,
    threads: number,
    options?: PoolOptions,
  ) {
    this.pool = new Pool(heap, module, threads, options);
  }

  /** The address of that many zero bytes, valid until the next call. */
  zeros(bytes: number): number {
    if (!this.#zeros || this.#zeros.bytes < bytes) {
      const block = this.heap.allocate(bytes);
      this.pool.finish(); // It may read them.
      this.#zeros?.free();
      this.#zeros = block;
      this.heap.view(this.#zeros).fill(0);
    }
    return this.#zeros.address;
  }

  /** Ends the threads and frees its own memory. Weights stay their owners'. */
  dispose(): void {
    this.pool.dispose();
    this.#zeros?.free();
    this.#zeros = null;
  }
}
