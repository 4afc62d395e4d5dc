/**
 * IEEE 754 half precision and bfloat16, as bit patterns in a `Uint16Array`.
 *
 * Supported runtimes are older than `Float16Array`.
 *
 * @module
 */

/** The values of half-precision bit patterns; exact. */
export function decodeFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(bits.length);
  const pattern = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i];
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) { // infinity, NaN
      pattern[i] = sign | 0x7f800000 | (magnitude << 13);
    } else if (magnitude >= 0x0400) { // normal: exponent bias 15 becomes 127
      pattern[i] = sign | ((magnitude << 13) + (112 << 23));
    } else { // zero and subnormal: multiples of 2^-24
      values[i] = magnitude * 2 ** -24;
      pattern[i] |= sign;
    }
  }
  return values;
}

/** Whether no half-precision bit pattern is infinite or NaN. */
export function isFiniteFloat16(bits: Uint16Array): boolean {
  let carries = 0;
  // An exponent of all ones carries into the sign bit.
  for (let i = 0; i < bits.length; i++) carries |= (bits[i] & 0x7c00) + 0x0400;
  return (carries & 0x8000) === 0;
}

/** The nearest half-precision bit patterns, ties to even, as NumPy and PyTorch round. */
export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length);
  const value = new Float32Array(1);
  const pattern = new Uint32Array(value.buffer);
  for (let i = 0; i < values.length; i++) {
    value[0] = values[i];
    const sign = (pattern[0] >>> 16) & 0x8000;
    const magnitude = pattern[0] & 0x7fffffff;
    if (magnitude > 0x7f800000) { // NaN, kept quiet
      bits[i] = sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
    } else if (magnitude >= 0x47800000) { // 65536 and above
      bits[i] = sign | 0x7c00;
    } else if (magnitude >= 0x38800000) { // normal; rounding may carry into the exponent
      const odd = (magnitude >>> 13) & 1;
      bits[i] = sign | ((magnitude - (112 << 23) + 0xfff + odd) >>> 13);
    } else { // subnormal: adding 0.5 leaves the multiple of 2^-24, rounded, in the low bits
      value[0] = Math.abs(value[0]) + 0.5;
      bits[i] = sign | (pattern[0] & 0x7ff);
    }
  }
  return bits;
}

/** The values of bfloat16 bit patterns, the upper halves of float32 ones; exact. */
export function decodeBfloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const pattern = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) pattern[i] = bits[i] << 16;
  return new Float32Array(pattern.buffer);
}
