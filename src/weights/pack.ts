/**
 * Writes packed weights, the format that {@linkcode openPacked} reads.
 *
 * @module
 */

import { encodeFloat16 } from "../formats/float16.ts";
import { encodeNpy } from "../formats/npy.ts";
import type {
  Checkpoint,
  CheckpointMetadata,
  TensorInfo,
} from "./checkpoint.ts";
import { METADATA_ENTRY, scaleEntry, valuesEntry } from "./packed.ts";
import { quantizeInt8 } from "./quantize.ts";

/** A tensor on its way into a file. */
export interface NamedTensor {
  /** Under PyTorch's state-dict name. */
  readonly name: string;
  /** In PyTorch's order: output channels first. */
  readonly shape: readonly number[];
  /** In C order. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** How filters are stored; everything of one dimension stays float32. */
export type PackedDType = "float32" | "float16" | "int8";

/** What {@linkcode writePacked} is told. */
export interface WritePackedOptions {
  /** `"int8"` has a scale for each output channel. */
  readonly dtype: PackedDType;
  /** What the file shall say of itself; `dtype` is filled in. */
  readonly metadata?: CheckpointMetadata;
}

/**
 * Packs tensors in the order in which they are given, which should be that of the forward pass.
 * `num_batches_tracked`, which only training needs, is left out. The same tensors give the same
 * bytes.
 *
 * @returns An `.npz`, deflated.
 * @throws {RangeError} If a tensor has values that the type cannot hold, NaN in int8 or 1e6 in
 * float16, or if two entries would have the same name.
 */
export async function writePacked(
  tensors: Checkpoint | AsyncIterable<NamedTensor> | Iterable<NamedTensor>,
  { dtype, metadata = {} }: WritePackedOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { strToU8, zipSync } = await import("fflate");
  // A key keeps its place when its value is replaced: the metadata stay in front.
  const files: Record<string, Uint8Array> = { [METADATA_ENTRY]: strToU8("") };
  const add = (entry: string, bytes: Uint8Array) => {
    if (entry in files) {
      throw new RangeError(`cannot pack two entries of the name "${entry}"`);
    }
    files[entry] = bytes;
  };
  const infos: Record<string, TensorInfo> = {};
  for await (const tensor of "read" in tensors ? all(tensors) : tensors) {
    const { name, shape, data } = tensor;
    if (name.endsWith("num_batches_tracked")) continue;
    const stored = shape.length > 1 ? dtype : "float32";
    infos[name] = { dtype: stored, shape };
    if (stored === "float32") {
      add(valuesEntry(name), encodeNpy(data, shape));
    } else if (stored === "float16") {
      checkRange(tensor, stored, 65519); // what is above rounds to infinity
      const bits = encodeFloat16(data);
      add(valuesEntry(name), encodeNpy(bits, shape, "float16"));
    } else {
      checkRange(tensor, stored, Number.MAX_VALUE);
      const quantized = quantizeInt8(data, shape[0]);
      add(valuesEntry(name), encodeNpy(quantized.data, shape));
      add(scaleEntry(name), encodeNpy(quantized.scale, [shape[0]]));
    }
  }
  files[METADATA_ENTRY] = strToU8(
    JSON.stringify({ ...metadata, dtype, tensors: infos }, null, 1),
  );
  // The first moment that the format knows, as in NumPy's archives.
  return zipSync(files, { level: 9, mtime: new Date(1980, 0, 1) });
}

async function* all(checkpoint: Checkpoint): AsyncGenerator<NamedTensor> {
  for (const [name, { shape }] of checkpoint.tensors) {
    yield { name, shape, data: await checkpoint.read(name) };
  }
}

function checkRange(
  { name, data }: NamedTensor,
  dtype: PackedDType,
  max: number,
): void {
  const bad = data.find((value) => !(Math.abs(value) <= max));
  if (bad !== undefined) {
    throw new RangeError(`cannot pack "${name}" as ${dtype}: it holds ${bad}`);
  }
}
