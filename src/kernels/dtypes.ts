/**
 * How weights are kept.
 *
 * @module
 */

/** The types, in the order by which tasks know them. */
export const dtypes = ["float32", "float16", "int8"] as const;

/** A type of packed weights. */
export type WeightsDType = typeof dtypes[number];

/** Bytes of one weight. */
export const weightBytes: Readonly<Record<WeightsDType, number>> = {
  float32: 4,
  float16: 2,
  int8: 1,
};
