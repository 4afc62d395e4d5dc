/**
 * Reads the files that `extractToFile` writes, row by row.
 *
 * @module
 */

import { type FileSource, openByteSource } from "../runtime/open_source.ts";
import { isSafetensors } from "../weights/safetensors.ts";
import type { VectorRow } from "./similar.ts";
import {
  chooseNode,
  type NodeChooser,
  type VectorFile,
} from "./vector_file.ts";

/**
 * Reads the features of a `.parquet`, `.npz`, `.npy` or `.safetensors`, picture after picture. The content tells the
 * format. The file may be larger than memory.
 *
 * @param source A path, a URL or bytes.
 * @param node The node to read; optional if the file has only one.
 * @returns Each picture's path and values, flattened. A `.npy` or `.safetensors` has no paths; there
 *   a path is `features.npy[3]`.
 * @throws {SyntaxError} If it isn't such a file, or is damaged.
 * @throws {TypeError} If a `.npz` or `.npy` doesn't hold an array `[N, …]`.
 * @throws {RangeError} If the file doesn't have the node, or has several and you name none.
 * @throws {Error} If the file can't be read.
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

/** Opens such a file; throws what {@linkcode readVectors} throws. */
export async function openVectors(
  source: FileSource,
  node?: string,
): Promise<VectorFile> {
  return await open(source, (file, nodes) => chooseNode(file, nodes, node));
}

/** The nodes of such a file; a `.npy` has one without a name. Throws what {@linkcode readVectors} throws. */
export async function vectorNodes(
  source: FileSource,
): Promise<readonly (string | undefined)[]> {
  let found: readonly (string | undefined)[] = [undefined];
  const file = await open(source, (file, nodes) => {
    found = nodes;
    return chooseNode(file, nodes, nodes[0]);
  });
  file.close();
  return found;
}

async function open(
  source: FileSource,
  choose: NodeChooser,
): Promise<VectorFile> {
  const bytes = await openByteSource(source);
  try {
    const start = await bytes.read(0, Math.min(9, bytes.size));
    const head = String.fromCharCode(...start);
    switch (head.slice(0, 4)) {
      case "PAR1":
        return await (await import("./parquet_vectors.ts"))
          .openParquet(bytes, choose);
      case "PK\x03\x04":
        return await (await import("./npy_vectors.ts")).openNpz(bytes, choose);
      case "\x93NUM":
        return await (await import("./npy_vectors.ts")).openNpy(bytes);
    }
    if (isSafetensors(head)) {
      const { openSafetensorsVectors } = await import(
        "./safetensors_vectors.ts"
      );
      return await openSafetensorsVectors(bytes, choose);
    }
    throw new SyntaxError(
      `cannot read features from "${bytes.name}": ` +
        "expected a .parquet, .npz, .npy or .safetensors file",
    );
  } catch (error) {
    bytes.close();
    throw error;
  }
}
