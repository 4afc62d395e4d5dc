/** A type that the weights of convolutions and linear layers are kept in. */
export type WeightsDType = "float32" | "float16" | "int8";

/** Bytes of one weight. */
export const bytesPerWeight: Readonly<Record<WeightsDType, number>> = {
  float32: 4,
  float16: 2,
  int8: 1,
};

/** All of them; kernels know a type by its place in this list. */
export const weightsDTypes = Object.keys(bytesPerWeight) as WeightsDType[];
