/**
 * How one tensor stands in packed weights: in an entry for its values and, if those are int8, one
 * for the scales of its output channels.
 *
 * @module
 */

import { elementCount, toFloat32 } from "../formats/elements.ts";
import { decodeNpy, type NpyArray } from "../formats/npy.ts";
import { release } from "../memory/release.ts";
import type { TensorInfo } from "./checkpoint.ts";
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
export function entriesOf(name: string, { dtype }: TensorInfo): string[] {
  return dtype === "int8"
    ? [valuesEntry(name), scaleEntry(name)]
    : [valuesEntry(name)];
}

/** Reads an entry of at most `limit` bytes. */
export type ReadEntry = (
  entry: string,
  limit: number,
) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The values of a tensor as float32, its entries read in their order.
 *
 * @param source What error messages call the file.
 * @throws {SyntaxError} If an entry is not the array that the tensor needs.
 */
export async function readTensor(
  source: string,
  name: string,
  info: TensorInfo,
  readEntry: ReadEntry,
): Promise<Float32Array<ArrayBuffer>> {
  const readArray = async (
    entry: string,
    { dtype, shape }: TensorInfo,
  ): Promise<NpyArray> => {
    // No type has more than 8 bytes.
    const bytes = await readEntry(
      entry,
      HEADER_BYTES + 8 * elementCount(shape),
    );
    const array = decodeNpy(bytes, `${source}: ${entry}`);
    if (array.dtype !== dtype || `${array.shape}` !== `${shape}`) {
      throw new SyntaxError(
        `cannot read "${source}": entry "${entry}" is ${array.dtype} [${array.shape}], not ${dtype} [${shape}]`,
      );
    }
    // 16-bit floats have been expanded.
    if (array.data.buffer !== bytes.buffer) release(bytes);
    return array;
  };
  const { data } = await readArray(valuesEntry(name), info);
  if (info.dtype !== "int8") return toFloat32(data);
  const scale = await readArray(scaleEntry(name), {
    dtype: "float32",
    shape: info.shape.slice(0, 1),
  });
  const values = dequantizeInt8({
    data: data as Int8Array<ArrayBuffer>,
    scale: scale.data as Float32Array<ArrayBuffer>,
  });
  release(data as Int8Array<ArrayBuffer>);
  return values;
}
