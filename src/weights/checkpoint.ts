/**
 * What every weights format looks like to the model: named tensors, read one at a time.
 *
 * A new format is one new file that returns a {@linkcode Checkpoint}.
 *
 * @module
 */

import type { ScaledRows } from "../arch/folded_conv.ts";
import type { Preset } from "../arch/preset.ts";

/** The shape and the stored type of one tensor, known before its values are read. */
export interface StoredTensor {
  /** Dimensions in PyTorch's order, e.g. `[64, 3, 7, 7]` for a convolution (OIHW). */
  readonly shape: readonly number[];
  /** The type in the file, e.g. `"float32"`, `"float16"`, `"int8"`. */
  readonly dtype: string;
}

/**
 * A state dict whose tensors are read when they are asked for.
 *
 * Any object of this form can be given to `createModel` as `pretrained`.
 */
export interface Checkpoint {
  /** What error messages call it: a path, a URL, `"bytes"`. */
  readonly source: string;
  /** All tensors under PyTorch's state-dict names (`layer1.0.conv1.weight`), in the file's order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What the file says of itself: arch, transform, origin. Empty for a plain state dict. */
  readonly metadata?: CheckpointMetadata;
  /**
   * Told before the first read which tensors will be read, in that order: what comes over the
   * network is then fetched in few requests, and nothing else is.
   */
  expect?(names: readonly string[]): void;
  /**
   * The values of one tensor in C order, as float32. The array belongs to the caller.
   *
   * @throws {RangeError} If there is no tensor of that name.
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /**
   * The same as {@linkcode Checkpoint.read} for who takes fewer bytes than float32's, where the
   * file has the tensor so.
   */
  readRows?(name: string): Promise<ScaledRows | Float32Array<ArrayBuffer>>;
  /** Closes the file behind it, if there is one. Safe to call twice. */
  close(): void;
}

/** The metadata entry of a packed file. */
export interface CheckpointMetadata {
  /** Architecture the tensors belong to, e.g. `"resnet50"`. */
  readonly arch?: string;
  /** What it was made from. */
  readonly source?: string;
  /** SHA-256 of the file that it was made from, in hex. */
  readonly sourceSha256?: string;
  /** `"float32"`, `"float16"` or `"int8"`. */
  readonly dtype?: string;
  /** SPDX identifier and copyright line of the weights. */
  readonly license?: string;
  /** The transform that the network was trained with. */
  readonly preset?: Preset;
}
