/**
 * Random projections, which keep distances roughly while the coreset is chosen.
 *
 * Source: Achlioptas, "Database-friendly random projections", 2003: entries of 1 and -1.
 *
 * @module
 */

/** Dimensions after the projection. */
export const projected = 128;

/**
 * A matrix of 1 and -1, `[projected, channels]`, the same for the same seed: signs of mulberry32's
 * numbers in turn, 1 for those below a half.
 */
export function projectionMatrix(
  channels: number,
  seed: number,
): Float32Array<ArrayBuffer> {
  let state = seed | 0;
  return Float32Array.from({ length: projected * channels }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) < 0 ? -1 : 1;
  });
}
