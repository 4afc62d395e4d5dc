/**
 * PIL's resize in WebAssembly SIMD, with the bits of `resize.ts`.
 *
 * @module
 */

import { load } from "../runtime/wasm/load.js";
import { type ResizePlan, type Taps, taps } from "./resize.ts";
import type { RgbImage } from "./rgb_image.ts";
import { type Heap, maxRows, type RowReader } from "./rows.ts";

/** The two passes; `scripts/kernels/resize.ts` says what each takes. */
export interface Passes {
  horizontal(...args: number[]): void;
  vertical(...args: number[]): void;
}

let compiled: WebAssembly.Module | undefined;
let loading: Promise<WebAssembly.Module | undefined> | undefined;

/**
 * Compiles the kernels, or takes compiled ones; `undefined` on engines without SIMD, and where
 * `.wasm` can't be imported.
 */
export function loadResize(
  given?: WebAssembly.Module,
): Promise<WebAssembly.Module | undefined> {
  if (given) loading = Promise.resolve(compiled = given);
  return loading ??= load("resize")
    .then((module) => compiled = module, () => undefined);
}

/** The kernels for rows in a memory. */
export function startResize(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Passes {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as Passes;
}

/** Resizes a picture while its rows are read. */
export function resizeRows(
  heap: Heap,
  passes: Passes,
  reader: RowReader,
  { width, height, filter, window }: ResizePlan,
): RgbImage {
  const columns = taps(reader.width, width, filter, window.left, window.width);
  const rows = taps(reader.height, height, filter, window.top, window.height);
  const count = rows.last - rows.first;
  const { left, columns: inRow } = reader.start({
    left: columns.first,
    top: rows.first,
    width: columns.last - columns.first,
    height: count,
  });
  const rowBytes = 3 * window.width;
  const pitch = (rowBytes + 16) & ~15;
  const across = pack(columns, 4, 3);
  const down = pack(rows, 2, pitch);
  const narrowedBytes = (count + 2) * pitch; // The kernels read beyond the end.
  const tables = heap.allocate(
    across.bytes + down.bytes + narrowedBytes + window.height * pitch,
  );
  const narrowed = tables + across.bytes + down.bytes;
  const out = narrowed + narrowedBytes;
  const words = new Int32Array(heap.memory.buffer);
  words.set(across.words, tables / 4);
  words.set(down.words, (tables + across.bytes) / 4);

  for (let row = 0; row < count; row += maxRows) {
    const few = Math.min(maxRows, count - row);
    passes.horizontal(
      reader.read(few) + 3 * (columns.first - left),
      3 * inRow,
      narrowed + row * pitch,
      pitch,
      few,
      ...across.at(tables),
      window.width,
    );
  }
  const [starts, pairs, weights, stride] = down.at(tables + across.bytes);
  passes.vertical(
    ...[narrowed, pitch, out, window.height, starts, pairs, weights, stride],
  );
  const data = new Uint8Array(window.height * rowBytes);
  const bytes = new Uint8Array(heap.memory.buffer);
  for (let y = 0; y < window.height; y++) {
    const from = out + y * pitch;
    data.set(bytes.subarray(from, from + rowBytes), y * rowBytes);
  }
  heap.release(tables);
  return { width: window.width, height: window.height, data };
}

/** The tables of a pass: inputs start `unit` bytes apart, and `group` of them are taken at once. */
function pack(
  { starts, counts, weights, stride, first }: Taps,
  group: 2 | 4,
  unit: number,
) {
  const count = starts.length;
  const perOutput = Math.ceil(stride / group) * group;
  const words = new Int32Array(count * (2 + perOutput));
  for (let i = 0; i < count; i++) {
    words[i] = (starts[i] - first) * unit;
    words[count + i] = Math.ceil(counts[i] / group);
    let to = 2 * count + i * perOutput;
    for (let k = 0; k < counts[i]; k += group) {
      for (let j = 0; j < group; j += 2, to++) {
        const at = k + j < counts[i] ? i * stride + k + j : -1;
        const one = at < 0 ? 0 : weights[at];
        const two = at < 0 || k + j + 1 === counts[i] ? 0 : weights[at + 1];
        words[to] = (one & 0x7fff) | (two & 0x7fff) << 16;
        words[to + group / 2] = (one >> 15 & 0xffff) | two >> 15 << 16;
      }
      to += group / 2;
    }
  }
  const at = (address: number) => [
    address,
    address + 4 * count,
    address + 8 * count,
    4 * perOutput,
  ];
  return { words, bytes: words.byteLength, at };
}

/** Memory that is taken in one direction, and given back all at once. */
class Pile implements Heap {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  #top = 0;

  allocate(bytes: number): number {
    const address = this.#top;
    const top = 16 * Math.ceil((address + bytes) / 16);
    const missing = top - this.memory.buffer.byteLength;
    // Throws a RangeError if that is beyond a 32-bit memory.
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    this.#top = top;
    return address;
  }

  release(): void {
    this.#top = 0;
  }
}

let own: { heap: Pile; passes: Passes } | undefined;

/** Resizes a picture in memory; `undefined` before {@linkcode loadResize} has found the kernels. */
export function resizeSimd(
  image: RgbImage,
  plan: ResizePlan,
): RgbImage | undefined {
  if (!compiled) return undefined;
  if (!own) {
    const heap = new Pile();
    own = { heap, passes: startResize(compiled, heap.memory) };
  }
  const { heap, passes } = own;
  own = undefined; // Not used again if it fails, or has grown.
  const resized = resizeRows(heap, passes, rowsOf(image, heap), plan);
  if (heap.memory.buffer.byteLength <= 2 ** 25) own = { heap, passes };
  return resized;
}

/** The rows of a picture, copied to a heap. */
function rowsOf({ width, height, data }: RgbImage, heap: Heap): RowReader {
  let row = 0, first = 0, columns = 0, address = 0;
  return {
    width,
    height,
    start(box) {
      [row, first, columns] = [box.top, box.left, box.width];
      address = heap.allocate(maxRows * 3 * columns + 16);
      return { left: first, columns };
    },
    read(count) {
      const to = new Uint8Array(heap.memory.buffer, address);
      for (let i = 0; i < count; i++, row++) {
        const from = 3 * (row * width + first);
        to.set(data.subarray(from, from + 3 * columns), i * 3 * columns);
      }
      return address;
    },
  };
}
