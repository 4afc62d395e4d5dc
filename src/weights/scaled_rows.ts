import type { ScaledRows } from "../arch/folded_conv.ts";
import { decodeFloat16 } from "../formats/float16.ts";

/** The values as float32. */
export function scaledRowsToFloat32(
  { values, factors }: ScaledRows,
): Float32Array<ArrayBuffer> {
  if (values instanceof Uint16Array) return decodeFloat16(values); // Their factors are 1.
  const floats = new Float32Array(values.length);
  const length = values.length / factors.length;
  for (let row = 0, at = 0; row < factors.length; row++) {
    for (const end = at + length; at < end; at++) {
      floats[at] = values[at] * factors[row];
    }
  }
  return floats;
}
