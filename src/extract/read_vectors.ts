/**
 * Features out of the files that `extractToFile` writes, row by row.
 *
 * @module
 */

import { type FileSource, openByteSource } from "../runtime/open_source.ts";
import type { VectorRow } from "./similar.ts";

/** One node's features in a file. */
export interface VectorFile {
  /** The node; none in a `.npy`. */
  readonly node?: string;
  /** Dimensions of a picture's value, if the file says them. */
  readonly shape?: readonly number[];
  /** How it was made, if the file says so. */
  readonly about: {
    readonly arch?: string;
    readonly layout?: "nchw" | "nhwc";
    readonly pool?: "avg" | "max" | "none";
  };
  /** Reads them, with no more in memory than is read at once. */
  rows(): AsyncIterable<VectorRow>;
  /** Closes the file. */
  close(): void;
}

/**
 * Reads the features of a `.parquet`, `.npz` or `.npy`, told apart by their content, picture after
 * picture; a file of any size in bounded memory.
 *
 * @param source A path, a URL or bytes.
 * @param node Which of the file's nodes; needed if it has several.
 * @returns A picture's path and values, flattened; a `.npy` has no paths, there it is
 *   `features.npy[3]`.
 * @throws {SyntaxError} If it is no such file, or damaged.
 * @throws {RangeError} If it has no such node.
 * @throws {Error} If it can't be read.
 *
 * @example What was extracted
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import {
 *   extractFiles,
 *   featureTable,
 *   npyStream,
 *   readVectors,
 * } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const features = extractFiles(model, ["examples/images/rocket.jpg"], ["flatten"]);
 * const npy = npyStream(featureTable(await Array.fromAsync(features)));
 * const rows = await Array.fromAsync(readVectors(await new Response(npy).bytes()));
 * assert.equal(rows[0].vector!.length, 512);
 * ```
 */
export async function* readVectors(
  source: FileSource,
  node?: string,
): AsyncGenerator<VectorRow> {
  const file = await openVectors(source, node);
  try {
    yield* file.rows();
  } finally {
    file.close();
  }
}

/** Opens such a file; what {@linkcode readVectors} throws, this throws. */
export async function openVectors(
  source: FileSource,
  node?: string,
): Promise<VectorFile> {
  const bytes = await openByteSource(source);
  try {
    const start = await bytes.read(0, Math.min(4, bytes.size));
    switch (String.fromCharCode(...start)) {
      case "PAR1":
        return await (await import("./parquet_vectors.ts"))
          .openParquet(bytes, node);
      case "PK\x03\x04":
        return await (await import("./npy_vectors.ts")).openNpz(bytes, node);
      case "\x93NUM":
        return await (await import("./npy_vectors.ts")).openNpy(bytes);
    }
    throw new SyntaxError(
      `cannot read "${bytes.name}" as features: .parquet, .npz and .npy are allowed`,
    );
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/**
 * The node that is meant: the one that is named, else the only one.
 *
 * @throws {RangeError} If there is no such, or none is named of several.
 */
export function chosenNode(
  file: string,
  nodes: readonly string[],
  node: string | undefined,
): string {
  if (node !== undefined && nodes.includes(node)) return node;
  if (node === undefined && nodes.length === 1) return nodes[0];
  const has = nodes.length > 0
    ? `it has ${nodes.map((name) => `"${name}"`).join(", ")}`
    : "it has no vectors";
  throw new RangeError(
    node === undefined
      ? `cannot choose a node of "${file}": ${has}, one must be named`
      : `no node "${node}" in "${file}": ${has}`,
  );
}
