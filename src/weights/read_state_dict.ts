import type { FileSource } from "../runtime/open_source.ts";
import type { FetchOptions } from "./fetch/options.ts";
import { openPretrained } from "./resolve.ts";

/** A tensor of a state dict, as in its file. */
export interface StateDictTensor {
  /** The name in the file, e.g. `"module.layer1.0.conv1.weight"`. */
  readonly name: string;
  /** Dimensions in PyTorch's order, e.g. `[64, 3, 7, 7]` for a convolution (OIHW). */
  readonly shape: readonly number[];
  /** The type in the file, e.g. `"float16"`. */
  readonly dtype: string;
  /** The values in C order, rounded to float32. They belong to the caller. */
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Reads the tensors of a file of weights, one at a time in the file's order: batch norms, not folded,
 * and `num_batches_tracked` too.
 *
 * @param source A path, a URL, `hf:owner/name` or bytes.
 * @param options How it is fetched and cached.
 * @returns The tensors. The file closes after the last, or when you leave the loop.
 * @throws {SyntaxError} If it isn't a checkpoint, or is damaged.
 * @throws {Error} If it can't be opened or fetched.
 *
 * @example The number of values
 * ```ts
 * import { readStateDict } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * let count = 0;
 * for await (const { data } of readStateDict("weights/mlnet_resnet18.npz")) count += data.length;
 * assert.equal(count, 15_908_800);
 * ```
 */
export async function* readStateDict(
  source: FileSource,
  options: FetchOptions = {},
): AsyncGenerator<StateDictTensor, void, void> {
  const { checkpoint } = await openPretrained(undefined, source, options);
  try {
    checkpoint.expect?.([...checkpoint.tensors.keys()]);
    for (const [name, { shape, dtype }] of checkpoint.tensors) {
      yield { name, shape, dtype, data: await checkpoint.read(name) };
    }
  } finally {
    checkpoint.close();
  }
}
