/**
 * A file of features, whatever its format.
 *
 * @module
 */

import { type Pooling, poolings } from "../arch/pooling.ts";
import type { Preset } from "../arch/preset.ts";
import { isPreset } from "../weights/metadata.ts";
import { few } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { isShape } from "../formats/elements.ts";
import { isRecord, type Json, parseJsonObject } from "../formats/json.ts";
import type { Region } from "../image/region.ts";
import type { InputOptions } from "./load_input.ts";
import type { VectorRow } from "./similar.ts";

/** How pictures were read, as far as it isn't the default. */
export type ReadingOrigin = {
  /** Whether JPEGs were decoded smaller. */
  readonly draft?: boolean;
  /** Whether pictures were turned by their EXIF orientation. */
  readonly exifOrientation?: boolean;
  /** The part of each picture that was taken. */
  readonly region?: Region;
  /** Whether nothing was cut from it. */
  readonly crop?: "none";
};

/** How features were made; `extractToFile` writes it into a file's metadata. */
export type FeatureOrigin = ReadingOrigin & {
  readonly arch: string;
  readonly layout: "nchw" | "nhwc";
  readonly pool: Pooling | "none";
  /** {@linkcode Pca.fingerprint} of the PCA that reduced them. */
  readonly pca?: string;
  readonly preset: Preset;
  /** The name of the weights, if they aren't the default. */
  readonly weights?: string;
  /** By node: {@linkcode ResNet.fingerprint}. */
  readonly fingerprints: Readonly<Record<string, string>>;
};

/** What a file says of its features. */
export type KnownOrigin = Partial<FeatureOrigin> & {
  readonly shapes?: Readonly<Record<string, number[]>>;
};

/** What these options say of the pictures. */
export function readingOrigin(
  { draft, exifOrientation, region, crop }: InputOptions,
): ReadingOrigin {
  return {
    ...draft && { draft: true },
    ...exifOrientation && { exifOrientation: true },
    ...region && { region },
    ...crop === "none" && { crop: "none" },
  };
}

/** One node's features in a file. */
export interface VectorFile {
  /** The node; undefined for a `.npy`, which doesn't name it. */
  readonly node?: string;
  /** Dimensions of a picture's value, if the file says so. */
  readonly shape?: readonly number[];
  /** How the features were made, as far as the file says so. */
  readonly about: Partial<FeatureOrigin>;
  /** Reads the features, a block at a time. */
  rows(): AsyncIterable<VectorRow>;
  /** Closes the file. */
  close(): void;
}

/** Chooses a node of a file that has these. */
export type NodeChooser = (file: string, nodes: readonly string[]) => string;

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

/**
 * What this package wrote into a file's metadata: JSON, of which only values of the right type count.
 *
 * @throws {SyntaxError} If it isn't a JSON object.
 */
export function originOf(text: string, file: string): KnownOrigin {
  const bytes = new TextEncoder().encode(text);
  return originIn(parseJsonObject(bytes, failReading(file)));
}

/** The values of an object that are of the right type. */
export function originIn(about: Json): KnownOrigin {
  return Object.fromEntries(
    Object.entries(about).filter(([key, item]) => tests[key]?.(item)),
  );
}

const isText = (item: unknown) => typeof item === "string";
const isOneOf = (...names: string[]) => (item: unknown) =>
  names.includes(item as string);

/** Whether a value of the metadata is one; of a key in common with other files. */
export const originTests = {
  arch: isText,
  weights: isText,
  draft: (item: unknown) => item === true,
  exifOrientation: (item: unknown) => item === true,
  region: (item: unknown) => isShape(item) && item.length === 4,
  crop: isOneOf("none"),
  preset: isPreset,
  fingerprints: (item: unknown) =>
    isRecord(item) && Object.values(item).every(isText),
};

const tests: Readonly<Record<string, (item: unknown) => boolean>> = {
  ...originTests,
  layout: isOneOf("nchw", "nhwc"),
  pool: isOneOf(...poolings),
  pca: isText,
  shapes: (item) => isRecord(item) && Object.values(item).every(isShape),
};
