/**
 * A tensor in packed weights: an entry for its values and, if those are int8, one for the scales of
 * its output channels.
 *
 * @module
 */

import type { ScaledRows } from "../arch/folded_conv.ts";
import { asIs, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import {
  elementCount,
  storedElements,
  toFloat32,
} from "../formats/elements.ts";
import { decodeFloat16, isFiniteFloat16 } from "../formats/float16.ts";
import { decodeNpy, type NpyArray } from "../formats/npy.ts";
import { release } from "../runtime/release.ts";
import type { StoredTensor } from "./checkpoint.ts";
import { scaledRowsToFloat32 } from "./scaled_rows.ts";

/** More than the `.npy` header of an array of few dimensions. */
export const HEADER_BYTES = 512;

/** The most bytes of an array's entry: an element has at most 8, a header at most 64 KiB. */
export function mostBytes(shape: readonly number[]): number {
  return 2 ** 16 + 8 * elementCount(shape);
}

/** Name of the entry with a tensor's values. */
export function valuesEntry(name: string): string {
  return `${name}.npy`;
}

/** Name of the entry with the scales of an int8 tensor. */
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

/** Shortest row to keep scaled. */
const shortestRow = 4;

/**
 * Reads a tensor, its entries in the file's order: as scaled rows if it is a filter in float16 or
 * int8, else as float32.
 *
 * @param source The file's name, for messages.
 * @throws {SyntaxError} If an entry has another type or shape.
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
    const bytes = await readEntry(entry, mostBytes(shape));
    const array = decodeNpy(bytes, `${source}: ${entry}`, storedElements);
    if (array.dtype !== dtype || `${array.shape}` !== `${shape}`) {
      const what = `${dtype} [${shape.join(", ")}]`;
      const got = `${array.dtype} [${array.shape.join(", ")}]`;
      throw failReading(source)(
        expected(`entry "${entry}"`, what, asIs(got)),
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

/** The values as float32; frees those of the rows. */
export function toFloats(
  tensor: ScaledRows | Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  if (tensor instanceof Float32Array) return tensor;
  const floats = scaledRowsToFloat32(tensor);
  release(tensor.values);
  return floats;
}
