/**
 * Numbers by formula, the same as in `scripts/make_node_goldens.py`, in plain JavaScript.
 *
 * @module
 */

function hashName(name: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) {
    h = Math.imul(h ^ byte, 0x01000193);
  }
  return h >>> 0;
}

/** `offset + scale * u`, with `u` in -1..1 by murmur3's finalizer over seed and index. */
export function uniform(
  name: string,
  count: number,
  scale = 1,
  offset = 0,
): Float32Array<ArrayBuffer> {
  let seed = hashName(name) | 0;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let h = seed;
    seed = (seed + 0x9e3779b9) | 0;
    h ^= h >>> 16;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
    values[i] = offset + scale * ((h >>> 0) / 2 ** 32 * 2 - 1);
  }
  return values;
}
