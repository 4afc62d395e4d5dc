/**
 * PIL's `Image.resize` bit for bit (Pillow 9, `src/libImaging/Resample.c`): an antialiased
 * separable filter with 22-bit fixed-point weights, rounded and clipped to 8 bits after each of
 * its two passes, the horizontal one first.
 *
 * @module
 */

import type { RgbImage } from "./rgb_image.ts";

/** A reconstruction filter, as in PIL. */
export interface Filter {
  /** Distance beyond which the weight is zero, in pixels of the smaller picture. */
  readonly support: number;
  /** Weight at a distance in pixels, before scaling the weights to a sum of 1. */
  weight(x: number): number;
}

/** PIL's `BILINEAR`: a triangle. */
export const bilinear: Filter = {
  support: 1,
  weight: (x) => Math.max(0, 1 - Math.abs(x)),
};

/** PIL's `BICUBIC`: Keys' cubic with a = -0.5, "Cubic convolution interpolation", 1981. */
export const bicubic: Filter = {
  support: 2,
  weight(x) {
    x = Math.abs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
  },
};

/** A rectangle of whole pixels. */
export interface Box {
  /** The first column. */
  readonly left: number;
  /** The first row. */
  readonly top: number;
  /** Number of columns. */
  readonly width: number;
  /** Number of rows. */
  readonly height: number;
}

/** A resize to `width` x `height`, of which only a window is computed. */
export interface ResizePlan {
  readonly width: number;
  readonly height: number;
  readonly filter: Filter;
  readonly window: Box;
}

/** `32 - 8 - 2` in Resample.c: room for 8-bit pixels and a sum of weights somewhat above 1. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * Resizes a picture to `width` x `height`, or computes only a window of that result. The cost
 * depends on the window, not on the size of the whole result.
 */
export function resize(
  image: RgbImage,
  width: number,
  height: number,
  filter: Filter,
  window: Box = { left: 0, top: 0, width, height },
): RgbImage {
  // PIL skips a pass that changes no size; running it gives the same, with weights 1 and 0.
  const columns = taps(image.width, width, filter, window.left, window.width);
  const rows = taps(image.height, height, filter, window.top, window.height);
  const narrowed = resizeColumns(image, columns, rows.first, rows.last);
  return {
    width: window.width,
    height: window.height,
    data: resizeRows(narrowed, 3 * window.width, rows),
  };
}

/** The input pixels of each output pixel along one axis, and their weights. */
export interface Taps {
  /** The first input pixel of each output pixel. */
  readonly starts: Int32Array;
  /** The number of input pixels of each output pixel. */
  readonly counts: Int32Array;
  /** Their fixed-point weights, `stride` apart. */
  readonly weights: Int32Array;
  readonly stride: number;
  /** The range of all input pixels in use, `last` excluded. */
  readonly first: number;
  readonly last: number;
}

/** `precompute_coeffs` and `normalize_coeffs_8bpc` of Resample.c, for `count` output pixels. */
export function taps(
  inSize: number,
  outSize: number,
  filter: Filter,
  from: number,
  count: number,
): Taps {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const real = new Float64Array(stride);
  for (let i = 0; i < count; i++) {
    const center = (from + i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), inSize);
    let sum = 0;
    for (let k = 0; k < end - start; k++) {
      // Multiplies by the reciprocal as the C code does; a quotient may round differently.
      real[k] = filter.weight((k + start - center + 0.5) * (1 / filterScale));
      sum += real[k];
    }
    for (let k = 0; k < end - start; k++) {
      const weight = real[k] / sum * (1 << PRECISION_BITS);
      weights[i * stride + k] = Math.trunc(weight + (weight < 0 ? -0.5 : 0.5));
    }
    starts[i] = start;
    counts[i] = end - start;
  }
  const first = starts[0];
  const last = starts[count - 1] + counts[count - 1];
  return { starts, counts, weights, stride, first, last };
}

/** The horizontal pass over the rows `firstRow` to `lastRow`. */
function resizeColumns(
  image: RgbImage,
  { starts, counts, weights, stride }: Taps,
  firstRow: number,
  lastRow: number,
): Uint8Array<ArrayBuffer> {
  const { data } = image;
  const out = new Uint8Array(3 * starts.length * (lastRow - firstRow));
  let to = 0;
  for (let row = firstRow; row < lastRow; row++) {
    for (let i = 0; i < starts.length; i++) {
      let from = 3 * (row * image.width + starts[i]);
      let r = HALF;
      let g = HALF;
      let b = HALF;
      const end = i * stride + counts[i];
      for (let k = i * stride; k < end; k++) {
        const weight = weights[k];
        r = (r + Math.imul(data[from], weight)) | 0;
        g = (g + Math.imul(data[from + 1], weight)) | 0;
        b = (b + Math.imul(data[from + 2], weight)) | 0;
        from += 3;
      }
      out[to] = clip(r);
      out[to + 1] = clip(g);
      out[to + 2] = clip(b);
      to += 3;
    }
  }
  return out;
}

/** The vertical pass; the first row of `data` is the input row `first`. */
function resizeRows(
  data: Uint8Array,
  rowLength: number,
  { starts, counts, weights, stride, first }: Taps,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(starts.length * rowLength);
  const sums = new Int32Array(rowLength);
  for (let i = 0; i < starts.length; i++) {
    sums.fill(HALF);
    let from = (starts[i] - first) * rowLength;
    for (let k = 0; k < counts[i]; k++) {
      const weight = weights[i * stride + k];
      for (let x = 0; x < rowLength; x++) {
        sums[x] += Math.imul(data[from + x], weight);
      }
      from += rowLength;
    }
    const to = i * rowLength;
    for (let x = 0; x < rowLength; x++) out[to + x] = clip(sums[x]);
  }
  return out;
}

/** The 8-bit value of a fixed-point sum. */
function clip(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
