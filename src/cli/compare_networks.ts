/**
 * The layers of networks on pictures, for `layertap compare`.
 *
 * @module
 */

import type { NamedFeatures } from "../compare/compare_layers.ts";
import type { FeatureArray } from "../compare/features.ts";
import { expected } from "../errors/expected.ts";
import type { ResNet } from "../model/model.ts";
import type { ExtractFilesOptions } from "../extract/compute_nodes.ts";
import { type Io, UsageError, type Values } from "./command.ts";
import type { Failures } from "./failures.ts";
import { knownNetwork, openModel } from "./network.ts";
import type { runOptions } from "./options.ts";
import { filesOf, readingOf, type ReadingValues } from "./picture_files.ts";
import { type Progress, startCount } from "./progress.ts";

/** Numbers of all pictures and layers of one network. */
const mostValues = 2 ** 28;

/** The options that say which networks and layers. */
type NetworkValues = Values<typeof runOptions> & ReadingValues & {
  readonly arch?: string[];
  readonly weights?: string[];
  readonly layer?: string[];
  readonly pool: ExtractFilesOptions["pool"];
};

/** Layers of two networks, or twice of one, on the same pictures. */
export interface Sides {
  readonly titles: readonly [rows: string, columns: string];
  readonly layers: readonly [rows: NamedFeatures, columns: NamedFeatures];
  /** The number of pictures that are compared. */
  readonly count: number;
  /** With those that could not be read. */
  readonly total: number;
}

/** What a network makes of pictures. */
interface Side {
  readonly title: string;
  readonly layers: Readonly<Record<string, FeatureArray>>;
  /** Of the pictures that could be read. */
  readonly paths: readonly string[];
}

/**
 * Runs one or two networks on pictures; undefined if there are none.
 *
 * @param failures Gets what can't be read.
 * @throws {UsageError} If there are more networks, or as many weights as networks are missing.
 */
export async function layersOfNetworks(
  operands: readonly string[],
  values: NetworkValues,
  failures: Failures,
  io: Io,
): Promise<Sides | undefined> {
  const { arch = [], weights = [] } = values;
  const count = Math.max(arch.length, weights.length);
  if (count > 2) {
    throw new UsageError(expected("--arch", "one or two networks", arch));
  }
  if (arch.length > 0 && weights.length > 0 && arch.length !== weights.length) {
    throw new UsageError(
      `--weights: expected ${arch.length}, one for each --arch, got ${weights.length}`,
    );
  }
  for (const name of weights.length > 0 ? [] : arch) {
    knownNetwork({ arch: name }, values.layer);
  }
  const files = await filesOf(operands, io, failures);
  if (files.length === 0) return undefined;
  const sides: Side[] = [];
  for (let i = 0; i < count; i++) {
    // An empty name stands for the default.
    const choice = { arch: arch[i], weights: weights[i] || undefined };
    // The pictures that fail are told of once.
    const told = i === 0 ? failures : undefined;
    sides.push(await sideOf(files, choice, values, told, io));
  }
  const [a, b = a] = sides;
  return {
    titles: [a.title, b.title],
    layers: [a.layers, b.layers],
    count: a.paths.length,
    total: files.length,
  };
}

async function sideOf(
  files: readonly string[],
  choice: { readonly arch?: string; readonly weights?: string },
  values: NetworkValues,
  failures: Failures | undefined,
  io: Io,
): Promise<Side> {
  const { layer, pool, threads, memory } = values;
  const { arch, weights } = choice;
  const unset = { prefix: undefined, preset: undefined };
  const given = { arch, weights, threads, memory, ...unset };
  using model = await openModel(given, layer ?? [], io);
  const names = layer ?? blocksOf(model);
  const { extractFiles } = await import("../extract/extract_files.ts");
  const rows = new Map<string, Float32Array[]>(names.map((name) => [name, []]));
  const paths: string[] = [];
  let progress: Progress | undefined;
  let done = 0, size = 0;
  try {
    const options = { ...readingOf(values, io), pool };
    const features = extractFiles(model, files, names, options);
    for await (const { path, values: found, error } of features) {
      const total = () => Promise.resolve(files.length);
      progress ??= await startCount(model.arch, io, total);
      progress.update(++done);
      if (error) failures?.picture(error);
      if (!found) continue;
      paths.push(path);
      for (const name of names) {
        rows.get(name)!.push(found[name].data.slice());
        size += found[name].data.length;
      }
      if (size > mostValues) {
        throw new RangeError(
          `the layers of ${paths.length} pictures have over a gigabyte of ` +
            "values; pool them, or choose fewer layers",
        );
      }
    }
  } finally {
    progress?.stop();
  }
  if (paths.length === 0) {
    failures?.finish(io, files.length);
    throw new Error("no picture could be read");
  }
  const layers = names.map((name) => [name, stacked(rows.get(name)!)] as const);
  const title = weights === undefined ? model.arch : `${arch ?? ""} ${weights}`;
  return { title: title.trim(), layers: Object.fromEntries(layers), paths };
}

/** The stem, and every residual block. */
function blocksOf(model: ResNet): string[] {
  const names = [...model.namedModules()]
    .filter(([, { type }]) => type === "BasicBlock" || type === "Bottleneck")
    .map(([name]) => name);
  return [model.layers.has("act1") ? "act1" : "relu", ...names];
}

function stacked(rows: readonly Float32Array[]): FeatureArray {
  const [{ length }] = rows;
  const data = new Float32Array(rows.length * length);
  rows.forEach((row, i) => data.set(row, i * length));
  return { data, shape: [rows.length, length] };
}
