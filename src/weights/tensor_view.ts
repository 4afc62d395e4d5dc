/**
 * Storages, tensors as views of them, and a checkpoint of such tensors: what PyTorch's formats share.
 *
 * Source: PyTorch 1.13, `torch/_utils.py`.
 *
 * @module
 */

import { type Fail, failReading } from "../errors/fail.ts";
import type { ByteRange, ByteSource } from "../runtime/byte_source.ts";
import {
  decodeElements,
  type DType,
  elementCount,
  gather,
  isCOrder,
  itemSize,
  toFloat32,
} from "../formats/elements.ts";
import { type Checkpoint, requireTensor } from "./checkpoint.ts";

/** A run of elements, which tensors are views of. */
export class Storage {
  /** A storage that a file names; nothing is read. */
  constructor(
    /** Its name in the file. */
    readonly key: string,
    /** Type of its elements. */
    readonly dtype: DType,
    /** Number of elements. */
    readonly length: number,
    /** Index of its first element in the file's storage of that key. */
    readonly start = 0,
  ) {}

  /** Length in bytes. */
  get byteLength(): number {
    return this.length * itemSize(this.dtype);
  }
}

/** A strided view of a storage, within its bounds. */
export class TensorView {
  /**
   * A view that a file describes; nothing is read.
   *
   * @throws {SyntaxError} If it exceeds the storage.
   */
  constructor(
    readonly storage: Storage,
    /** Index of the first element in the storage. */
    readonly offset: number,
    /** In PyTorch's order. */
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
    fail: Fail,
  ) {
    // Negated, to reject a span of Infinity or NaN too.
    if (!(offset + this.span <= storage.length)) {
      throw fail(
        `a tensor of shape [${shape.join(", ")}] and strides [${
          strides.join(", ")
        }] from element ${offset} on exceeds its storage of ${storage.length}`,
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

  /** The span's place in the file's storage of that key, in bytes. */
  get bytes(): ByteRange {
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

/** Reads the storages of a format. */
export interface StorageReader {
  /** Byte order of the elements. */
  readonly littleEndian: boolean;
  /** The bytes of the file that a view's read reads. */
  range(view: TensorView): ByteRange;
  /** The bytes of a view's span. */
  read(view: TensorView): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * A checkpoint of views, which are read on demand.
 *
 * @param source What the reader reads from; closed with the checkpoint.
 * @throws {SyntaxError} If a tensor has more elements than the file has bytes.
 */
export function viewsCheckpoint(
  source: ByteSource,
  views: ReadonlyMap<string, TensorView>,
  reader: StorageReader,
): Checkpoint {
  for (const [name, { shape, storage }] of views) {
    // An expanded tensor repeats elements, but no model's is larger than its file.
    if (elementCount(shape) > source.size) {
      throw failReading(source.name)(
        `"${name}" repeats a storage of ${storage.length} to shape [${
          shape.join(", ")
        }]`,
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
      source.expect?.(
        names.flatMap((name) => views.get(name) ?? [])
          .map((view) => reader.range(view)),
      );
    },
    async read(name) {
      const view = requireTensor(source.name, views, name);
      return view.toFloat32(await reader.read(view), reader.littleEndian);
    },
    close: () => source.close(),
  };
}
