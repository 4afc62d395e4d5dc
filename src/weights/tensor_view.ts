/**
 * Storages, tensors as views of them, and a checkpoint of such tensors: what PyTorch's formats share.
 *
 * Source: PyTorch 1.13, `torch/_utils.py`.
 *
 * @module
 */

import { failReading } from "../errors/fail.ts";
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
import {
  type Checkpoint,
  requireTensor,
  type StoredTensor,
} from "./checkpoint.ts";

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
    /** Its bytes, if they stand in the pickle; little-endian. */
    readonly inline?: () => Uint8Array<ArrayBuffer>,
  ) {}

  /** A storage of known length in bytes. */
  static ofBytes(key: string, dtype: DType, length: number): Storage {
    return new Storage(key, dtype, Math.floor(length / itemSize(dtype)));
  }

  /** A storage in the pickle itself. */
  static inline(
    length: number,
    dtype: DType,
    read: () => Uint8Array<ArrayBuffer>,
  ): Storage {
    return new Storage(
      "",
      dtype,
      Math.floor(length / itemSize(dtype)),
      0,
      read,
    );
  }

  /** Length in bytes. */
  get byteLength(): number {
    return this.length * itemSize(this.dtype);
  }
}

/** A tensor that can't be read. Only reading it is an error. */
export class UnreadTensor {
  constructor(
    /** In PyTorch's order; empty if it isn't known. */
    readonly shape: readonly number[],
    /** Its type, or whatever is in its place. */
    readonly dtype: string,
    /** Why not: "it is …". */
    readonly why: string,
  ) {}
}

/** A strided view of a storage, within its bounds. */
export class TensorView {
  /** A view that a file describes; nothing is read. */
  private constructor(
    readonly storage: Storage,
    /** Index of the first element in the storage. */
    readonly offset: number,
    /** In PyTorch's order. */
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
  ) {}

  /** A view, or what stands for it if it exceeds its storage. */
  static within(
    storage: Storage,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ): TensorView | UnreadTensor {
    const view = new TensorView(storage, offset, shape, strides);
    // Negated, to reject a span of Infinity or NaN too.
    if (offset + view.span <= storage.length) return view;
    return new UnreadTensor(
      shape,
      storage.dtype,
      `its shape [${shape.join(", ")}] and strides [${
        strides.join(", ")
      }] from element ${offset} on exceed its storage of ${storage.length}`,
    );
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

/** A tensor of a file, as its format describes it. */
export type FileTensor = TensorView | UnreadTensor;

/**
 * A checkpoint of views, which are read on demand.
 *
 * @param source What the reader reads from; closed with the checkpoint.
 * @param modules Names of tensors that were found in whole pickled modules.
 */
export function viewsCheckpoint(
  source: ByteSource,
  tensors: ReadonlyMap<string, FileTensor>,
  reader: StorageReader,
  modules: ReadonlySet<string> = new Set(),
): Checkpoint {
  const readable = new Map(
    [...tensors].map(([name, tensor]) => [name, bounded(tensor, source.size)]),
  );
  return {
    source: source.name,
    tensors: new Map(
      [...readable].map(([name, tensor]) => [name, {
        ...described(tensor),
        ...modules.has(name) && { inModule: true },
      }]),
    ),
    expect(names) {
      const views = names.flatMap((name) => {
        const tensor = readable.get(name);
        return tensor instanceof TensorView && !tensor.storage.inline
          ? [reader.range(tensor)]
          : [];
      });
      source.expect?.(views);
    },
    async read(name) {
      const tensor = requireTensor(source.name, readable, name);
      if (tensor instanceof UnreadTensor) {
        throw failReading(source.name)(
          `"${name}" can't be read: ${tensor.why}`,
        );
      }
      const { storage } = tensor;
      if (!storage.inline) {
        return tensor.toFloat32(await reader.read(tensor), reader.littleEndian);
      }
      const { offset, length } = tensor.bytes;
      const bytes = storage.inline().slice(offset, offset + length);
      return tensor.toFloat32(bytes, true);
    },
    close: () => source.close(),
  };
}

/** Elements that any tensor may have, however small its file; a wide ResNet's largest filter has 9 million. */
const FREE_ELEMENTS = 2 ** 24;

/** An expanded tensor repeats elements, but no model's is much larger than its file. */
function bounded(tensor: FileTensor, fileSize: number): FileTensor {
  if (tensor instanceof UnreadTensor) return tensor;
  const { shape, storage } = tensor;
  if (elementCount(shape) <= Math.max(fileSize, FREE_ELEMENTS)) return tensor;
  const why = `it repeats a storage of ${storage.length} to shape [${
    shape.join(", ")
  }]`;
  return new UnreadTensor(shape, storage.dtype, why);
}

function described(tensor: FileTensor): StoredTensor {
  const { shape } = tensor;
  if (tensor instanceof UnreadTensor) {
    return { shape, dtype: tensor.dtype, unread: tensor.why };
  }
  const { storage, bytes, strides } = tensor;
  return {
    shape,
    dtype: storage.dtype,
    ...!storage.inline &&
      { place: `${storage.key}:${bytes.offset}:${strides}` },
  };
}
