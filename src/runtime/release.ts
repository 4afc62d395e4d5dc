import { builtin } from "./builtin.ts";
import { isWorkerd } from "./which.ts";

/**
 * Frees the memory of an array at once, where the runtime can. The garbage collector lets tens of
 * megabytes pile up.
 *
 * @param array A view of its whole buffer; empty afterwards.
 */
export function release(array: ArrayBufferView): void {
  const { buffer } = array;
  // Node 20 has no transfer(), and shared memory can't be freed.
  if (buffer instanceof ArrayBuffer) buffer.transfer?.(0);
}

/**
 * Lets the garbage collector come for a dropped WebAssembly memory of so many bytes. Left alone, V8
 * waits until about a gigabyte of them has piled up. It hurries for arrays that live for a while;
 * nobody writes to these, so they take no memory.
 */
export function collectSoon(bytes: number): void {
  if (isWorkerd() || !builtin("node:worker_threads")) return;
  const arrays: ArrayBuffer[] = [];
  try {
    for (let i = 0; i < 4; i++) arrays.push(new ArrayBuffer(bytes));
  } catch { // The system lends no more addresses.
  }
}
