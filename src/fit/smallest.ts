/** The smallest of many distances, in no particular order. */
export interface Smallest {
  readonly distances: Float64Array;
  readonly indices: Int32Array;
}

/**
 * The `count` smallest distances, found in one pass.
 *
 * Which of several at the same distance stay is decided as in scikit-learn, whose heap this is.
 *
 * Source: scikit-learn 1.7.2, `utils/_heap.pyx`, `heap_push`.
 *
 * @param distances At least `count` of them.
 */
export function smallest(
  distances: ArrayLike<number>,
  count: number,
): Smallest {
  const kept = new Float64Array(count).fill(Number.MAX_VALUE);
  const indices = new Int32Array(count);
  for (let i = 0; i < distances.length; i++) {
    push(kept, indices, distances[i], i);
  }
  return { distances: kept, indices };
}

/** Takes the place of the largest, which stands first, unless that isn't larger. */
function push(
  values: Float64Array,
  indices: Int32Array,
  value: number,
  index: number,
): void {
  if (value >= values[0]) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    if (left >= values.length) break;
    const isLeft = right >= values.length || values[left] >= values[right];
    const child = isLeft ? left : right;
    if (value >= values[child]) break;
    values[at] = values[child];
    indices[at] = indices[child];
    at = child;
  }
  values[at] = value;
  indices[at] = index;
}
