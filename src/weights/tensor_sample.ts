import type { Filter } from "../arch/folded_conv.ts";
import { crc32 } from "../formats/crc32.ts";
import { decodeFloat16 } from "../formats/float16.ts";

/** Values of a tensor that its sample covers. */
const sampleSize = 64;

/**
 * 64 values of a tensor, evenly spaced, in 24 hex digits: 8 of their CRC-32 as float32, which tells
 * weights apart, and 16 of their signs, which survive rounding.
 */
export function sampleOf(tensor: Filter): string {
  const { length } = tensor instanceof Float32Array ? tensor : tensor.values;
  const count = Math.min(length, sampleSize);
  const places = Array.from(
    { length: count },
    (_, i) => Math.floor(i * length / count),
  );
  const values = valuesAt(tensor, places);
  const signs = [...values].reduce(
    (bits, x) => 2n * bits + (x < 0 ? 1n : 0n),
    0n,
  );
  return hex(crc32(new Uint8Array(values.buffer)), 8) + hex(signs, 16);
}

const hex = (number: number | bigint, digits: number) =>
  number.toString(16).padStart(digits, "0");

function valuesAt(tensor: Filter, places: number[]): Float32Array<ArrayBuffer> {
  if (tensor instanceof Float32Array) {
    return Float32Array.from(places, (at) => tensor[at]);
  }
  const { values, factors } = tensor;
  if (values instanceof Uint16Array) { // Their factors are 1.
    return decodeFloat16(Uint16Array.from(places, (at) => values[at]));
  }
  const length = values.length / factors.length;
  return Float32Array.from(
    places,
    (at) => values[at] * factors[Math.floor(at / length)],
  );
}
