/** Bytes to read at once from a table larger than memory. */
const blockBytes = 1 << 20;

/** Splits rows into ranges that are read at once, a megabyte or one row each. */
export function* rowBlocks(
  count: number,
  rowBytes: number,
): Generator<{ from: number; to: number }> {
  const step = Math.max(1, Math.floor(blockBytes / rowBytes));
  for (let from = 0; from < count; from += step) {
    yield { from, to: Math.min(from + step, count) };
  }
}
