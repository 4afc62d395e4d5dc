/**
 * Pixels in a WebAssembly memory, a few rows at a time, so that no whole picture stands there.
 *
 * @module
 */

import type { Box } from "./resize.ts";
import type { Region } from "./region.ts";
import type { RgbImage } from "./rgb_image.ts";

/** A memory, and its free space. */
export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** Address of so many new bytes; older views of the memory may be empty afterwards. */
  allocate(bytes: number): number;
  /** Frees what was allocated there. */
  release(address: number): void;
}

/** The most rows that {@linkcode RowReader.read} gives at once. */
export const maxRows = 16;

/** A picture's rows, RGB8, in order. */
export interface RowReader {
  /** Pixels in a row of the picture. */
  readonly width: number;
  /** Rows of the picture. */
  readonly height: number;
  /** Goes to the box's first row. Rows then hold at least its columns: so many, from `left` on. */
  start(box: Box): { readonly left: number; readonly columns: number };
  /** Address of the next `count` rows, at most 16, without padding; 16 more bytes can be read. */
  read(count: number): number;
}

/** A part of a picture, read as a picture of its own. */
export function partOf(
  reader: RowReader,
  [x, y, width, height]: Region,
): RowReader {
  return {
    width,
    height,
    start(box) {
      const moved = { ...box, left: box.left + x, top: box.top + y };
      const { left, columns } = reader.start(moved);
      return { left: left - x, columns };
    },
    read: (count) => reader.read(count),
  };
}

/** Reads a whole picture. */
export function readPixels(heap: Heap, reader: RowReader): RgbImage {
  const { width, height } = reader;
  reader.start({ left: 0, top: 0, width, height });
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y += maxRows) {
    const count = Math.min(maxRows, height - y);
    const address = reader.read(count);
    const rows = new Uint8Array(heap.memory.buffer, address, 3 * width * count);
    data.set(rows, 3 * width * y);
  }
  return { width, height, data };
}
