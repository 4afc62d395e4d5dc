/**
 * What all of our kernels share: heap and threads.
 *
 * @module
 */

import { type Block, Heap } from "./heap.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { Address } from "./program.ts";

/** How to start. */
export interface RuntimeOptions {
  /** Threads, the calling one included; a heap that isn't shared has one. */
  readonly threads: number;
  /** False: without relaxed SIMD. Default: where JavaScript's engine has it. */
  readonly relaxed?: boolean;
}

/**
 * Starts on the backend that runs. Threads may come up later; nobody waits for them.
 *
 * @throws {Error} If the backend's memory can't be reached, or there is no SIMD.
 */
export async function startRuntime(
  { threads, relaxed }: RuntimeOptions,
): Promise<Runtime> {
  const heap = new Heap();
  const [{ relaxedSimd }, modules] = await Promise.all([
    import("wasm-feature-detect"),
    import("../runtime/wasm/kernels.js"),
  ]);
  const fused = relaxed ?? await relaxedSimd();
  const load = fused
    ? heap.shared ? modules.relaxedShared : modules.relaxed
    : heap.shared
    ? modules.plainShared
    : modules.plain;
  return new Runtime(heap, await load(), fused ? 6 : 5, threads);
}

/** One set of kernels' means. */
export class Runtime {
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

  /** The address of so many bytes that are zero, good until the next call. */
  zeros(bytes: number): number {
    if (!this.#zeros || this.#zeros.bytes < bytes) {
      this.#zeros?.free();
      this.#zeros = this.heap.allocate(bytes);
      this.heap.view(this.#zeros).fill(0);
    }
    return this.#zeros.address;
  }

  /** Ends the threads and frees the heap; weights are their owners'. */
  dispose(): void {
    this.pool.dispose();
    this.#zeros?.free();
    this.#zeros = null;
  }
}

/** A convolution's addresses. */
export interface Operands {
  readonly x: Address;
  readonly y: Address;
  /** 0: none. */
  readonly residual: Address;
  /** One for each output channel, filled up to panels. */
  readonly bias: Address;
  /** What results are clamped to from below. */
  readonly low: number;
}

/** Images, `[N, H, W]`. */
export interface Batch {
  readonly images: number;
  readonly height: number;
  readonly width: number;
}
