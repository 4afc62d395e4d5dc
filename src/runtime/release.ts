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
