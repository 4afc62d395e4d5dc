/**
 * Writes packed weights: see `packed.ts` for the format.
 *
 * @module
 */

import type { WeightsDType } from "../arch/weights_dtype.ts";
import { createZip } from "../formats/create_zip.ts";
import { elementCount } from "../formats/elements.ts";
import { encodeFloat16 } from "../formats/float16.ts";
import { encodeNpy } from "../formats/npy.ts";
import { startDeflate } from "../runtime/deflate.ts";
import type {
  Checkpoint,
  CheckpointMetadata,
  StoredTensor,
} from "./checkpoint.ts";
import { METADATA_ENTRY, type PackedMetadata } from "./metadata.ts";
import { entriesOf, scaleEntry, valuesEntry } from "./packed_tensor.ts";
import { quantizeInt8, stepFor } from "./quantize.ts";

/** Options of {@linkcode writePacked}. */
export interface WritePackedOptions {
  /** How filters are stored; tensors of one dimension stay float32. */
  readonly dtype: WeightsDType;
  /**
   * The tensors, in the order of the forward pass, so that the file can be used while it arrives.
   * Default: all in the checkpoint's order, without `num_batches_tracked`, which only training needs.
   */
  readonly names?: readonly string[];
  /** What the file says about itself, besides `dtype`. */
  readonly metadata?: CheckpointMetadata;
  /** Called with the share that is packed, 0..1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Packs tensors. The same tensors give the same bytes. Needs `node:zlib`, which browsers lack.
 *
 * @returns An `.npz`, deflated, with the length of every entry in front of it.
 * @throws {RangeError} If the type can't hold a value, NaN in int8 or 1e6 in float16, or if two
 *   entries would have the same name.
 */
export async function writePacked(
  checkpoint: Checkpoint,
  { dtype, names, metadata, onProgress }: WritePackedOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  names ??= [...checkpoint.tensors.keys()]
    .filter((name) => !name.endsWith("num_batches_tracked"));
  const infos: Record<string, StoredTensor> = {};
  let weights = 0;
  for (const name of names) {
    const { shape } = checkpoint.tensors.get(name)!;
    infos[name] = { dtype: shape.length > 1 ? dtype : "float32", shape };
    if (shape.length > 1) weights += elementCount(shape);
  }
  requireUnique(names.flatMap((name) => entriesOf(name, infos[name])));
  const deflate = startDeflate();
  const { readable, writable } = new TransformStream();
  const whole = new Response(readable).bytes();
  const zip = await createZip(writable);
  const add = (entry: string, content: Uint8Array) =>
    zip.addDeflated(entry, deflate(content), content);
  const described: PackedMetadata = {
    ...metadata,
    ...metadata?.samples && { samples: unrounded(metadata.samples, infos) },
    dtype,
    tensors: infos,
  };
  await add(
    METADATA_ENTRY,
    new TextEncoder().encode(JSON.stringify(described, null, 1)),
  );
  for (const [i, name] of names.entries()) {
    const data = await checkpoint.read(name);
    const info = infos[name];
    for (const [entry, bytes] of encode(name, info, data, weights)) {
      await add(entry, bytes);
    }
    onProgress?.((i + 1) / names.length);
  }
  await zip.close();
  return await whole;
}

/** The entries of a tensor; `weights` is the number of weights in all filters. */
function encode(
  name: string,
  { dtype, shape }: StoredTensor,
  data: Float32Array<ArrayBuffer>,
  weights: number,
): [entry: string, bytes: Uint8Array<ArrayBuffer>][] {
  const entry = valuesEntry(name);
  if (dtype === "float32") return [[entry, encodeNpy(data, shape)]];
  if (dtype === "float16") {
    checkRange(name, data, dtype, 65519); // Larger values round to infinity.
    return [[entry, encodeNpy(encodeFloat16(data), shape, dtype)]];
  }
  checkRange(name, data, dtype, Number.MAX_VALUE);
  const step = stepFor(data.length, weights);
  const quantized = quantizeInt8(data, shape, step);
  return [
    [entry, encodeNpy(quantized.values, shape)],
    [scaleEntry(name), encodeNpy(quantized.factors, shape.slice(0, 1))],
  ];
}

/** The samples of the tensors whose values stay. */
function unrounded(
  samples: Readonly<Record<string, string>>,
  infos: Readonly<Record<string, StoredTensor>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(samples)
      .filter(([name]) => infos[name]?.dtype === "float32"),
  );
}

function requireUnique(entries: readonly string[]): void {
  const twice = entries.find((entry, i) => entries.indexOf(entry) !== i);
  if (twice !== undefined) {
    throw new RangeError(`cannot pack two entries named "${twice}"`);
  }
}

function checkRange(
  name: string,
  data: Float32Array,
  dtype: string,
  max: number,
): void {
  const bad = data.find((value) => !(Math.abs(value) <= max));
  if (bad !== undefined) {
    throw new RangeError(
      `cannot pack "${name}" as ${dtype}: it holds ${bad}; use float32`,
    );
  }
}
