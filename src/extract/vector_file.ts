/**
 * A file of features, whatever its format.
 *
 * @module
 */

import { few } from "../errors/expected.ts";
import type { VectorRow } from "./similar.ts";

/** One node's features in a file. */
export interface VectorFile {
  /** The node; undefined for a `.npy`, which doesn't name it. */
  readonly node?: string;
  /** Dimensions of a picture's value, if the file says so. */
  readonly shape?: readonly number[];
  /** How the features were made, if the file says so. */
  readonly about: {
    readonly arch?: string;
    readonly layout?: "nchw" | "nhwc";
    readonly pool?: "avg" | "max" | "none";
  };
  /** Reads the features, a block at a time. */
  rows(): AsyncIterable<VectorRow>;
  /** Closes the file. */
  close(): void;
}

/**
 * The named node, or the only one.
 *
 * @throws {RangeError} If the file doesn't have it, or has several and none is named.
 */
export function chooseNode(
  file: string,
  nodes: readonly string[],
  node: string | undefined,
): string {
  if (node !== undefined && nodes.includes(node)) return node;
  if (node === undefined && nodes.length === 1) return nodes[0];
  const names = few(nodes.map((name) => `"${name}"`));
  if (nodes.length === 0) throw new RangeError(`"${file}" has no features`);
  throw new RangeError(
    node === undefined
      ? `"${file}" has several nodes, ${names}; name one`
      : `"${file}" has no node "${node}"; it has ${names}`,
  );
}
