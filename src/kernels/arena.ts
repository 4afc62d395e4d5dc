/**
 * Sharing memory between values that don't live at the same time.
 *
 * @module
 */

/** Cache lines. */
const alignment = 64;

/** Memory that is in use from job `first` up to, not including, job `end`. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly end: number;
}

/** The most bytes of a block of an arena; the heap has no larger ones. */
export const arenaBlockBytes = 2 ** 31 - 2 ** 21;

/** Offsets in an arena, in the order of the lifetimes. */
export interface Arena {
  readonly offsets: readonly number[];
  /** The bytes of each block; all but the last count as `arenaBlockBytes` in offsets. */
  readonly blocks: readonly number[];
}

/**
 * Places what lives at the same time side by side: the largest first, each in the lowest gap
 * (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, "greedy by
 * size").
 */
export function assignOffsets(
  lifetimes: readonly Lifetime[],
  blockBytes = arenaBlockBytes,
): Arena {
  const offsets: number[] = Array(lifetimes.length).fill(0);
  const order = [...lifetimes.keys()].sort((a, b) =>
    lifetimes[b].bytes - lifetimes[a].bytes || a - b
  );
  const placed: { start: number; stop: number; index: number }[] = [];
  const blocks: number[] = [];
  for (const index of order) {
    const { bytes: size, first, end } = lifetimes[index];
    /** The first place from there on that is in one block. */
    const within = (start: number) => {
      const left = blockBytes - start % blockBytes;
      return size > left && left < blockBytes ? start + left : start;
    };
    let start = 0;
    for (const other of placed) {
      const { first: from, end: to } = lifetimes[other.index];
      if (from >= end || first >= to) continue;
      if (start + size <= other.start) break;
      start = within(Math.max(start, other.stop));
    }
    const stop = start + Math.ceil(size / alignment) * alignment;
    offsets[index] = start;
    const block = Math.floor(start / blockBytes);
    while (blocks.length <= block) blocks.push(0);
    blocks[block] = Math.max(blocks[block], stop - block * blockBytes);
    placed.push({ start, stop, index });
    placed.sort((a, b) => a.start - b.start);
  }
  return { offsets, blocks };
}
