/**
 * The memory of tfjs's wasm backend, in which its tensors and our weights stand side by side.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { DataId, TensorInfo } from "@tensorflow/tfjs-core";

/** What is used of `BackendWasm`; its own types say less. */
interface WasmBackend {
  readonly wasm: {
    _malloc(bytes: number): number;
    _free(address: number): void;
    /** The threaded build has it under its own name, the others export it. */
    readonly wasmMemory?: WebAssembly.Memory;
    readonly asm?: { readonly memory: WebAssembly.Memory };
  };
  readonly dataIdMap: { get(id: DataId): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  disposeData(id: DataId): void;
}

/** Cache lines; tfjs's own allocations are aligned to less. */
const alignment = 64;

/** A piece of the heap, until it is freed. */
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
        `kernels: the backend is "${tf.getBackend()}", whose memory can't be reached; "wasm" is needed`,
      );
    }
    this.#backend = backend;
    this.memory = memory;
  }

  /** Threads can work on it. */
  get shared(): boolean {
    return typeof SharedArrayBuffer === "function" &&
      this.memory.buffer instanceof SharedArrayBuffer;
  }

  /** All of it as 32-bit words. It may have grown: ask anew after each allocation. */
  get words(): Uint32Array {
    if (this.#words.buffer !== this.memory.buffer) {
      this.#words = new Uint32Array(this.memory.buffer);
    }
    return this.#words;
  }

  /** All of it as floats; the same holds. */
  get floats(): Float32Array {
    if (this.#floats.buffer !== this.memory.buffer) {
      this.#floats = new Float32Array(this.memory.buffer);
    }
    return this.#floats;
  }

  /** The floats of a block, good until the next allocation. */
  view({ address, bytes }: Block): Float32Array {
    return this.floats.subarray(address / 4, (address + bytes) / 4);
  }

  /**
   * Reserves so many bytes, whose contents are anything.
   *
   * @throws {RangeError} If the heap can't grow so far.
   */
  allocate(bytes: number): Block {
    const { wasm } = this.#backend;
    const start = wasm._malloc(bytes + alignment) >>> 0;
    if (start === 0) throw this.#full(bytes);
    const address = Math.ceil(start / alignment) * alignment;
    return { address, bytes, free: () => wasm._free(start) };
  }

  /**
   * A block of so many floats that stands in a tensor, so that `tf.memory()` counts it.
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

  /** Where a tensor's values stand. */
  address({ dataId }: TensorInfo): number {
    return this.#backend.dataIdMap.get(dataId).memoryOffset;
  }

  /**
   * A new tensor for the engine, whose contents are anything.
   *
   * @throws {RangeError} As {@linkcode Heap.allocate}.
   */
  output(shape: number[]): TensorInfo {
    const info = this.#backend.makeOutput(shape, "float32");
    if (this.address(info) === 0) {
      this.#backend.disposeData(info.dataId);
      throw this.#full(4 * shape.reduce((a, b) => a * b, 1));
    }
    return info;
  }

  #full(bytes: number): RangeError {
    return new RangeError(
      `kernels: asked for ${bytes} bytes: the heap of ${this.memory.buffer.byteLength} has no room for them and can't grow`,
    );
  }
}
