/**
 * PNG files whose pixels aren't whole, as PIL reads them: zlib's checksum may be cut off, and
 * whole rows at the end may be missing: they are black.
 *
 * @module
 */

import { concat } from "../formats/concat.ts";
import { cutShort } from "./format.ts";
import { essentials, type PngHeader } from "./png_chunks.ts";
import { inflateZlib } from "./zlib.ts";

/** Samples of a pixel, by colour type. */
const SAMPLES: Readonly<Record<number, number>> = {
  0: 1,
  2: 3,
  3: 1,
  4: 2,
  6: 4,
};

/** The first column and row of each pass, and the steps between them. */
const PASSES = [
  ...[[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4]],
  ...[[0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]],
];

/**
 * The file with whole pixels.
 *
 * @throws {Error} If the pixels are damaged, or the file ends within them.
 */
export async function repair(
  header: PngHeader,
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = rowsOf(header);
  const size = rows.reduce((sum, { count, bytes }) => sum + count * bytes, 0);
  const packed = concat(header.idats.map(dataOf));
  const { content, isWhole } = await inflateZlib(packed, size + 1).catch(
    (cause) => {
      throw new Error("its compressed data is damaged", { cause });
    },
  );
  // Deflate's greatest ratio: a small file can't claim any amount of memory.
  const isPossible = size <= 2 ** 20 + 1032 * packed.length;
  const isCut = !isPossible || !isWhole || !endsWithRow(rows, content.length);
  if (content.length < size && isCut) {
    throw cutShort("some of its pixels are missing");
  }
  const { zlibSync } = await import("fflate");
  const filled = new Uint8Array(size);
  filled.set(content.subarray(0, size));
  return essentials(header, zlibSync(filled, { level: 0 }));
}

/** A chunk's data, without length, type and CRC. */
function dataOf(chunk: Uint8Array): Uint8Array {
  const length = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0);
  return chunk.subarray(8, 8 + length);
}

/** Rows of filtered bytes, with the filter's byte: how many, and the length of each, by passes. */
function rowsOf({ width, height, depth, color, isInterlaced }: PngHeader) {
  const bits = depth * (SAMPLES[color] ?? 0);
  const passes = isInterlaced ? PASSES : [[0, 0, 1, 1]];
  return passes.flatMap(([left, top, right, down]) => {
    const columns = Math.ceil((width - left) / right);
    const count = Math.ceil((height - top) / down);
    return columns > 0 && count > 0
      ? [{ count, bytes: 1 + Math.ceil(columns * bits / 8) }]
      : [];
  });
}

/** Whether so many bytes are some whole rows. */
function endsWithRow(rows: ReturnType<typeof rowsOf>, length: number): boolean {
  if (length === 0) return false;
  for (const { count, bytes } of rows) {
    if (length <= count * bytes) return length % bytes === 0;
    length -= count * bytes;
  }
  return true;
}
