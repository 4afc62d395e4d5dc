/**
 * A whole file of features in memory.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import type { FileSource } from "../runtime/open_source.ts";
import { openVectors } from "./read_vectors.ts";
import type { KnownOrigin } from "./vector_file.ts";

/** The features of a file's pictures, without those that could not be read. */
export interface VectorMatrix {
  /** The pictures' names. */
  readonly paths: readonly string[];
  /** Row by row. */
  readonly data: Float32Array;
  /** `[pictures, values]`. */
  readonly shape: [rows: number, columns: number];
  /** The node, if the file names it. */
  readonly node?: string;
  /** How the features were made, as far as the file says so. */
  readonly about: KnownOrigin;
}

/**
 * Reads a node of such a file whole.
 *
 * @throws {RangeError} If it has no pictures, or more than a gigabyte of values.
 * @throws {Error} What `readVectors` throws.
 */
export async function readMatrix(
  source: FileSource,
  node?: string,
): Promise<VectorMatrix> {
  const file = await openVectors(source, node);
  try {
    const paths: string[] = [];
    const rows: Float32Array[] = [];
    let columns = 0;
    for await (const { path, vector } of file.rows()) {
      if (vector === null || Number.isNaN(vector[0])) continue;
      columns = vector.length;
      paths.push(path);
      rows.push(Float32Array.from(vector));
      if (rows.length * columns > 2 ** 28) {
        const most = `at most ${Math.floor(2 ** 28 / columns)} pictures`;
        throw new RangeError(
          expected(
            "",
            most,
            `more of ${columns} values`,
            "take a part of them",
          ),
        );
      }
    }
    if (rows.length === 0) {
      throw new RangeError("the file has no picture with features");
    }
    const data = new Float32Array(rows.length * columns);
    rows.forEach((row, i) => data.set(row, i * columns));
    const { node: name, about } = file;
    return { paths, data, shape: [rows.length, columns], node: name, about };
  } finally {
    file.close();
  }
}
