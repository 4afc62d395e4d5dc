/**
 * What every weights format looks like to the model: named tensors, read one at a time.
 *
 * A new format is one new file that returns a {@linkcode Checkpoint}.
 *
 * @module
 */

import type { ScaledRows } from "../arch/folded_conv.ts";
import type { Preset } from "../arch/preset.ts";
import type { ArchRow } from "../arch/table.ts";

/** The shape and stored type of a tensor, known before its values are read. */
export interface StoredTensor {
  /** Dimensions in PyTorch's order, e.g. `[64, 3, 7, 7]` for a convolution (OIHW). */
  readonly shape: readonly number[];
  /** The type in the file, e.g. `"float32"`, `"float16"`, `"int8"`. */
  readonly dtype: string;
  /** Why its values can't be read, if so: "it is sparse". */
  readonly unread?: string;
  /** Where its values are, if the file says so: tensors of one place have the same values. */
  readonly place?: string;
  /** Whether it belongs to a whole pickled module, whose own code isn't run. */
  readonly inModule?: boolean;
}

/**
 * A state dict whose tensors are read on demand.
 *
 * `createModel` takes any object of this form as `pretrained`.
 */
export interface Checkpoint {
  /** Its name in messages: a path, a URL, `"bytes"`. */
  readonly source: string;
  /** All tensors by their path (`state_dict.layer1.0.conv1.weight`), in the file's order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What the file says about itself: architecture, transform, origin. A plain state dict has none. */
  readonly metadata?: CheckpointMetadata;
  /**
   * Called before the first read with the tensors that will be read, in that order, so that a
   * remote file can fetch them in few requests, and nothing else.
   */
  expect?(names: readonly string[]): void;
  /**
   * The values of a tensor in C order, as float32. The array belongs to the caller.
   *
   * @throws {RangeError} If there is no tensor of that name.
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Like {@linkcode Checkpoint.read}, but keeps a tensor stored as float16 or int8 that small. */
  readRows?(name: string): Promise<ScaledRows | Float32Array<ArrayBuffer>>;
  /** Closes the file, if there is one. Safe to call twice. */
  close(): void;
}

/** The metadata of a packed file. */
export interface CheckpointMetadata {
  /** Architecture of the network, e.g. `"resnet50"`. */
  readonly arch?: string;
  /** The file it was made from. */
  readonly source?: string;
  /** SHA-256 of that file, in hex. */
  readonly sourceSha256?: string;
  /** `"float32"`, `"float16"` or `"int8"`. */
  readonly dtype?: string;
  /** SPDX identifier and copyright line of the weights. */
  readonly license?: string;
  /** What the tensors don't say of the network. */
  readonly network?: Pick<
    ArchRow,
    "replaceStrideWithDilation" | "strideInConv1" | "normEps"
  >;
  /** The transform that the network was trained with. */
  readonly preset?: Preset;
  /** The names of the classes, in the order of `fc`'s outputs. */
  readonly labels?: readonly string[];
  /**
   * Samples of the tensors that these were made from, for `model.fingerprint`, where the values
   * differ: `model.save` writes equivalent batch norms.
   */
  readonly samples?: Readonly<Record<string, string>>;
}

/** What a map of a checkpoint's tensors has under a name, or a `RangeError`. */
export function requireTensor<T>(
  source: string,
  tensors: ReadonlyMap<string, T>,
  name: string,
): T {
  const found = tensors.get(name);
  if (found !== undefined) return found;
  throw new RangeError(`"${source}" has no tensor "${name}"`);
}
