/**
 * The memory of tfjs's wasm backend, which its tensors and our weights share.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { DataId, TensorInfo } from "@tensorflow/tfjs-core";
import { expected } from "../errors/expected.ts";
import {
  type Allocator,
  guardMalloc,
  hasRoom,
} from "../runtime/guard_malloc.ts";

/** The part of `BackendWasm` that is used here, some of it private. */
interface WasmBackend {
  readonly wasm: Allocator & {
    /** Present in the threaded build; the others export the memory. */
    readonly wasmMemory?: WebAssembly.Memory;
    readonly asm?: { readonly memory: WebAssembly.Memory };
  };
  readonly dataIdMap: { get(id: DataId): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  disposeData(id: DataId): void;
}

/** Cache lines; the heap itself aligns to less. */
const alignment = 64;

/** A part of the heap, until it is freed. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
  free(): void;
}

/** The heap of the backend that runs. */
export class Heap {
  readonly #backend: WasmBackend;
  readonly memory: WebAssembly.Memory;
  #words: Uint32Array = new Uint32Array();
  #floats: Float32Array = new Float32Array();

  /** @throws {Error} If the current backend isn't tfjs's `wasm`. */
  constructor() {
    const backend = tf.backend() as unknown as WasmBackend;
    const memory = backend.wasm?.wasmMemory ?? backend.wasm?.asm?.memory;
    if (!memory) {
      throw new Error(
        expected("tfjs backend", '"wasm" with a memory', tf.getBackend()),
      );
    }
    guardMalloc(backend.wasm, memory);
    this.#backend = backend;
    this.memory = memory;
  }

  /** Whether threads can work on it. */
  get shared(): boolean {
    return typeof SharedArrayBuffer === "function" &&
      this.memory.buffer instanceof SharedArrayBuffer;
  }

  /** The heap as 32-bit words. Valid until the next allocation, which may grow it. */
  get words(): Uint32Array {
    if (this.#words.buffer !== this.memory.buffer) {
      this.#words = new Uint32Array(this.memory.buffer);
    }
    return this.#words;
  }

  /** The heap as floats. Valid until the next allocation. */
  get floats(): Float32Array {
    if (this.#floats.buffer !== this.memory.buffer) {
      this.#floats = new Float32Array(this.memory.buffer);
    }
    return this.#floats;
  }

  /** A block as floats. Valid until the next allocation. */
  view({ address, bytes }: Block): Float32Array {
    return this.floats.subarray(address / 4, (address + bytes) / 4);
  }

  /**
   * Allocates uninitialized bytes.
   *
   * @throws {RangeError} If the heap can't grow so far.
   */
  allocate(bytes: number): Block {
    const { wasm } = this.#backend;
    const start = wasm._malloc(bytes + alignment);
    const address = Math.ceil(start / alignment) * alignment;
    return { address, bytes, free: () => wasm._free(start) };
  }

  /**
   * Allocates several blocks, or none.
   *
   * @throws {RangeError} As {@linkcode Heap.allocate}.
   */
  allocateAll(sizes: readonly number[]): Block[] {
    const blocks: Block[] = [];
    try {
      for (const bytes of sizes) blocks.push(this.allocate(bytes));
      return blocks;
    } catch (error) {
      for (const block of blocks) block.free();
      throw error;
    }
  }

  /**
   * Allocates floats as a tensor, so that `tf.memory()` counts them.
   *
   * @throws {RangeError} As {@linkcode Heap.allocate}.
   */
  weights(length: number): Block {
    const tensor = tf.keep(
      tf.engine().makeTensorFromTensorInfo(this.output([length])),
    );
    const address = this.address(tensor);
    return { address, bytes: 4 * length, free: () => tensor.dispose() };
  }

  /** The address of a tensor's values. */
  address({ dataId }: TensorInfo): number {
    return this.#backend.dataIdMap.get(dataId).memoryOffset;
  }

  /**
   * Allocates an uninitialized tensor for tfjs's engine.
   *
   * @throws {RangeError} As {@linkcode Heap.allocate}.
   */
  output(shape: number[]): TensorInfo {
    return this.#backend.makeOutput(shape, "float32");
  }

  /** Frees what {@linkcode Heap.output} returned. */
  discard({ dataId }: TensorInfo): void {
    this.#backend.disposeData(dataId);
  }

  /** Whether blocks of these sizes fit besides what is allocated. */
  hasRoom(blocks: readonly number[]): boolean {
    const { wasm } = this.#backend;
    return hasRoom(wasm, blocks.map((bytes) => bytes + alignment));
  }
}
