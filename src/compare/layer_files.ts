import { expected } from "../errors/expected.ts";
import { readMatrix } from "../extract/read_matrix.ts";
import { vectorNodes } from "../extract/read_vectors.ts";
import type { FileSource } from "../runtime/open_source.ts";
import type { FeatureArray } from "./features.ts";

/** The layers of a file of features, in memory. */
export interface LayerFile {
  /** The pictures' names. */
  readonly paths: readonly string[];
  /** By layer, of all these pictures: `[N, C]`. */
  readonly layers: Readonly<Record<string, FeatureArray>>;
}

/**
 * Reads the layers of a `.parquet`, `.npz`, `.npy` or `.safetensors` that `extract` wrote, without
 * pictures that could not be read.
 *
 * @param source A path, a URL or bytes.
 * @param names The layers to read. Default: all.
 * @throws {SyntaxError} If it isn't such a file, or is damaged.
 * @throws {RangeError} If it doesn't have a layer, or has more than a gigabyte of values of one.
 * @throws {Error} If the file can't be read.
 */
export async function readLayers(
  source: FileSource,
  names?: readonly string[],
): Promise<LayerFile> {
  const layers: Record<string, FeatureArray> = {};
  let paths: readonly string[] = [];
  for (const name of names ?? await vectorNodes(source)) {
    const matrix = await readMatrix(source, name);
    const { data, shape } = matrix;
    layers[name ?? "features"] = { data, shape };
    paths = matrix.paths;
  }
  return { paths, layers };
}

/**
 * The pictures that two files have in common, in the order of the first.
 *
 * Files without names, `.npy` and `.safetensors`, are joined by number.
 *
 * @returns The features of these pictures alone.
 * @throws {RangeError} If there are none, or a name stands for several pictures of a file.
 */
export function joinLayers(
  a: LayerFile,
  b: LayerFile,
): { readonly paths: string[]; readonly layers: LayerFile["layers"][] } {
  const [first, second] = [a, b].map(({ paths }) => rowNumbers(paths));
  const keys = [...first.keys()].filter((key) => second.has(key));
  if (keys.length === 0) {
    throw new RangeError(expected(
      "the files",
      "pictures of the same names",
      `${a.paths[0]}" and "${b.paths[0]}`,
      "extract both from the same paths",
    ));
  }
  const paths = keys.map((key) => a.paths[first.get(key)!]);
  const layers = [[a, first], [b, second]] as const;
  return {
    paths,
    layers: layers.map(([{ layers }, rows]) => {
      const chosen = keys.map((key) => rows.get(key)!);
      const entries = Object.entries(layers).map(([name, features]) =>
        [name, rowsOf(features, chosen)] as const
      );
      return Object.fromEntries(entries);
    }),
  };
}

/** Rows by the names of their pictures; `features.npy[3]` is a number alone. */
function rowNumbers(paths: readonly string[]): Map<string, number> {
  const rows = new Map<string, number>();
  for (const [i, path] of paths.entries()) {
    const key = path.replace(
      /^.*\.(npy|safetensors|npz|parquet)(?=\[\d+\]$)/,
      "",
    );
    if (rows.has(key)) {
      throw new RangeError(`"${path}" names several pictures of the file`);
    }
    rows.set(key, i);
  }
  return rows;
}

function rowsOf(
  { data, shape: [, columns] }: FeatureArray,
  rows: readonly number[],
): FeatureArray {
  const chosen = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => {
    for (let c = 0; c < columns; c++) {
      chosen[i * columns + c] = data[row * columns + c];
    }
  });
  return { data: chosen, shape: [rows.length, columns] };
}
