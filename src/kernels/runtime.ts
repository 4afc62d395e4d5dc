/**
 * What all of our kernels share: heap, threads, scratch memory and tables.
 *
 * @module
 */

import { type Block, Heap, Scratch } from "./heap.ts";
import { Pool } from "./pool.ts";
import { Tables } from "./tables.ts";

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
    import("./wasm_modules.js"),
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
  readonly scratch: Scratch;
  readonly tables: Tables;
  #zeros: Block | null = null;
  readonly #edges: Scratch;

  /**
   * @param module The kernels, compiled for the heap's kind of memory.
   * @param rows Rows of a full tile in that build.
   */
  constructor(
    readonly heap: Heap,
    module: WebAssembly.Module,
    readonly rows: number,
    threads: number,
  ) {
    this.pool = new Pool(heap, module, threads);
    this.scratch = new Scratch(heap);
    this.#edges = new Scratch(heap);
    this.tables = new Tables(heap);
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

  /** The address of so many bytes for each thread, for tiles that don't fit into the output. */
  edges(bytes: number): number {
    return this.#edges.take(bytes * this.pool.threads);
  }

  /** Ends the threads and frees the heap; weights are their owners'. */
  dispose(): void {
    this.pool.dispose();
    this.scratch.free();
    this.#edges.free();
    this.tables.dispose();
    this.#zeros?.free();
    this.#zeros = null;
  }
}

/** A convolution's addresses. */
export interface Operands {
  readonly x: number;
  readonly y: number;
  /** 0: none. */
  readonly residual: number;
  /** One for each output channel, filled up to panels. */
  readonly bias: number;
  /** What results are clamped to from below. */
  readonly low: number;
}

/** Images, `[N, H, W]`. */
export interface Batch {
  readonly images: number;
  readonly height: number;
  readonly width: number;
}
