/**
 * How one tensor stands in packed weights: in an entry for its values and, if those are int8, one
 * for the scales of its output channels.
 *
 * @module
 */

import {
  elementCount,
  storedElements,
  toFloat32,
} from "../formats/elements.ts";
import { decodeFloat16, isFiniteFloat16 } from "../formats/float16.ts";
import { decodeNpy, type NpyArray } from "../formats/npy.ts";
import { release } from "../runtime/release.ts";
import type { ScaledRows } from "../arch/folded_conv.ts";
import type { StoredTensor } from "./checkpoint.ts";
import { dequantizeInt8 } from "./quantize.ts";

/** More than any `.npy` header of an array of few dimensions. */
export const HEADER_BYTES = 512;

/** Name of the entry that holds a tensor's values. */
export function valuesEntry(name: string): string {
  return `${name}.npy`;
}

/** Name of the entry that holds the scales of an int8 tensor. */
export function scaleEntry(name: string): string {
  return `${name}.scale.npy`;
}

/** Names of all entries of a tensor, in the file's order. */
export function entriesOf(name: string, { dtype }: StoredTensor): string[] {
  return dtype === "int8"
    ? [valuesEntry(name), scaleEntry(name)]
    : [valuesEntry(name)];
}

/** Reads an entry of at most `limit` bytes. */
export type ReadEntry = (
  entry: string,
  limit: number,
) => Promise<Uint8Array<ArrayBuffer>>;

/** The fewest values of a row that is kept as it is. */
const shortestRow = 4;

/**
 * A tensor as it is kept, its entries read in their order: rows where it has few bytes, else float32.
 *
 * @param source What error messages call the file.
 * @throws {SyntaxError} If an entry is not the array that the tensor needs.
 */
export async function readTensor(
  source: string,
  name: string,
  info: StoredTensor,
  readEntry: ReadEntry,
): Promise<ScaledRows | Float32Array<ArrayBuffer>> {
  const readArray = async (
    entry: string,
    { dtype, shape }: StoredTensor,
  ): Promise<NpyArray> => {
    // No type has more than 8 bytes.
    const bytes = await readEntry(
      entry,
      HEADER_BYTES + 8 * elementCount(shape),
    );
    const array = decodeNpy(bytes, `${source}: ${entry}`, storedElements);
    if (array.dtype !== dtype || `${array.shape}` !== `${shape}`) {
      throw new SyntaxError(
        `cannot read "${source}": entry "${entry}" is ${array.dtype} [${array.shape}], not ${dtype} [${shape}]`,
      );
    }
    return array;
  };
  const { dtype, shape } = info, [count] = shape;
  const { data } = await readArray(valuesEntry(name), info);
  const isLong = shape.length > 1 && data.length >= shortestRow * count;
  if (dtype === "int8") {
    const scale = await readArray(scaleEntry(name), {
      dtype: "float32",
      shape: [count],
    });
    const rows = {
      values: data as Int8Array<ArrayBuffer>,
      factors: scale.data as Float32Array<ArrayBuffer>,
    };
    return isLong ? rows : toFloats(rows);
  }
  if (dtype !== "float16") return toFloat32(data);
  const values = data as Uint16Array<ArrayBuffer>;
  return isLong && isFiniteFloat16(values)
    ? { values, factors: new Float32Array(count).fill(1) }
    : decodeFloat16(values);
}

/** The values as float32; those of the rows are given up. */
export function toFloats(
  tensor: ScaledRows | Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  if (tensor instanceof Float32Array) return tensor;
  const { values, factors } = tensor;
  const floats = values instanceof Uint16Array
    ? decodeFloat16(values)
    : dequantizeInt8({ values, factors });
  release(values);
  return floats;
}
