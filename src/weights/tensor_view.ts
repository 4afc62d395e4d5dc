/**
 * Storages, tensors as views of them, and a checkpoint of such tensors. Common to all formats of
 * PyTorch.
 *
 * Source: PyTorch 1.13, `torch/_utils.py`.
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import {
  decodeElements,
  type DType,
  elementCount,
  gather,
  isCOrder,
  itemSize,
  toFloat32,
} from "../formats/elements.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Fail } from "./pickle.ts";

/** A run of elements that tensors are views of. */
export class Storage {
  /** A storage as a file names it; nothing is read. */
  constructor(
    /** Names it within the file. */
    readonly key: string,
    /** Type of its elements. */
    readonly dtype: DType,
    /** Number of elements. */
    readonly length: number,
    /** Index of its first element in what the file has under the key. */
    readonly start = 0,
  ) {}

  /** Length in bytes. */
  get byteLength(): number {
    return this.length * itemSize(this.dtype);
  }
}

/** A strided view of a storage; it lies within it. */
export class TensorView {
  /**
   * A view as a file describes it; nothing is read.
   *
   * @throws {SyntaxError} If it reaches beyond the storage.
   */
  constructor(
    /** What it is a view of. */
    readonly storage: Storage,
    /** Index of the first element in the storage. */
    readonly offset: number,
    /** In PyTorch's order. */
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
    fail: Fail,
  ) {
    // Negated, so that a span beyond all numbers, Infinity or NaN, is refused too.
    if (!(offset + this.span <= storage.length)) {
      throw fail(
        `a tensor of shape [${shape.join(", ")}] and strides [${
          strides.join(", ")
        }] from element ${offset} on does not fit its storage of ${storage.length}`,
      );
    }
  }

  /** Elements from the first to the last of the view. */
  get span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce(
      (span, length, d) => span + (length - 1) * this.strides[d],
      1,
    );
  }

  /** Where the span lies in what the file has under the storage's key, in bytes. */
  get bytes(): { offset: number; length: number } {
    const size = itemSize(this.storage.dtype);
    return {
      offset: (this.storage.start + this.offset) * size,
      length: this.span * size,
    };
  }

  /** The values in C order, from the bytes of the view's span. */
  toFloat32(
    bytes: Uint8Array<ArrayBuffer>,
    littleEndian: boolean,
  ): Float32Array<ArrayBuffer> {
    const { shape, strides, storage } = this;
    const elements = decodeElements(bytes, storage.dtype, littleEndian);
    return toFloat32(
      isCOrder(shape, strides) ? elements : gather(elements, shape, strides),
    );
  }
}

/** Where a format has the bytes of its storages. */
export interface StorageReader {
  /** Byte order of the elements. */
  readonly littleEndian: boolean;
  /** What of the file is read for a view. */
  range(view: TensorView): { readonly offset: number; readonly length: number };
  /** The bytes of a view's span. */
  read(view: TensorView): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * A checkpoint of views that are read when they are asked for.
 *
 * @param source What the reader reads from; closed with the checkpoint.
 * @throws {SyntaxError} If a tensor repeats its storage's elements beyond reason.
 */
export function viewsCheckpoint(
  source: ByteSource,
  views: ReadonlyMap<string, TensorView>,
  reader: StorageReader,
): Checkpoint {
  for (const [name, { shape, storage }] of views) {
    // An expanded tensor repeats elements; no model's does so beyond the size of its file.
    if (elementCount(shape) > source.size) {
      throw new SyntaxError(
        `cannot read "${source.name}": "${name}" has the shape [${
          shape.join(", ")
        }] and a storage of ${storage.length}`,
      );
    }
  }
  return {
    source: source.name,
    tensors: new Map(
      [...views].map(([name, { shape, storage }]) => [
        name,
        { shape, dtype: storage.dtype },
      ]),
    ),
    expect(names) {
      const wanted = names.flatMap((name) => views.get(name) ?? []);
      source.expect?.(wanted.map((view) => reader.range(view)));
    },
    async read(name) {
      const view = views.get(name);
      if (view === undefined) {
        throw new RangeError(`"${source.name}" has no tensor "${name}"`);
      }
      return view.toFloat32(await reader.read(view), reader.littleEndian);
    },
    close: () => source.close(),
  };
}
