/**
 * Frees the memory of an array that nobody needs any more, where the runtime can do so at once.
 * The garbage collector lets tens of megabytes of such arrays pile up.
 *
 * @param array All of its buffer; it is empty afterwards.
 */
export function release(array: ArrayBufferView): void {
  const { buffer } = array;
  // Younger than Node 20; and shared memory can't be given up.
  if (buffer instanceof ArrayBuffer) buffer.transfer?.(0);
}
