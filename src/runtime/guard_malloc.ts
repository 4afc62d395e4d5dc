/**
 * Allocation in the memory of an emscripten module, checked in both directions.
 *
 * @module
 */

/** The functions of a module that allocate. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The most bytes of a block: emscripten's `sbrk` takes 2 GiB and more for a negative number. */
export const maxBlockBytes = 2 ** 31 - 2 ** 20;

/** The most bytes of a 32-bit memory. */
export const maxMemoryBytes = 2 ** 32 - 2 ** 16;

const guarded = new WeakSet<Allocator>();

/**
 * Checks what goes into a `malloc` and what comes out: it wraps sizes at 2^32, and may return blocks
 * that end beyond the memory.
 *
 * @returns A function that throws a `RangeError` if there is no room.
 */
export function checkedMalloc(
  malloc: (bytes: number) => number,
  memory: WebAssembly.Memory,
): (bytes: number) => number {
  return (bytes) => {
    if (!(bytes >= 0 && bytes <= maxBlockBytes)) {
      throw new RangeError(
        `cannot allocate ${bytes} bytes: a block of WebAssembly's memory has at most ${maxBlockBytes}`,
      );
    }
    const address = malloc(bytes) >>> 0;
    const { byteLength } = memory.buffer;
    if (address === 0 || address + bytes > byteLength) {
      throw new RangeError(
        `cannot allocate ${bytes} bytes: WebAssembly's memory of ${byteLength} is full and can't grow`,
      );
    }
    return address;
  };
}

/** Replaces a module's `_malloc` by its {@linkcode checkedMalloc}. */
export function guardMalloc(wasm: Allocator, memory: WebAssembly.Memory): void {
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(1)); // The first call replaces `_malloc`, too.
  wasm._malloc = checkedMalloc(wasm._malloc, memory);
}

/** Whether blocks of these sizes can be allocated one after the other. Their memory isn't touched. */
export function hasRoom(wasm: Allocator, blocks: readonly number[]): boolean {
  const total = blocks.reduce((a, b) => a + b, 0);
  if (total > maxMemoryBytes || blocks.some((b) => b > maxBlockBytes)) {
    return false;
  }
  const addresses: number[] = [];
  try {
    for (const bytes of blocks) addresses.push(wasm._malloc(bytes));
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  } finally {
    for (const address of addresses.reverse()) wasm._free(address);
  }
}
