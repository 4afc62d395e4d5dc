/**
 * Features of pictures, made as those of a file.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { KnownOrigin } from "../extract/vector_file.ts";
import type { ResNet } from "../model/model.ts";
import type { Pca } from "../fit/pca.ts";
import type { FileFeatures } from "../tables/feature_table.ts";
import { type Io, UsageError, type Values } from "./command.ts";
import { openModel, warnOn } from "./network.ts";
import type { modelOptions } from "./options.ts";
import { readingOf, type ReadingValues } from "./picture_files.ts";

/** Features in a file: what it says of them, and what it doesn't say. */
export interface FeatureKind {
  /** The file. */
  readonly path: string;
  readonly layer: string;
  readonly about: KnownOrigin;
  /** The pooling, unless the file says it. */
  readonly pool: NonNullable<KnownOrigin["pool"]>;
  readonly pca?: Pca;
}

/**
 * Computes such features of pictures, with the network that the file was made with.
 *
 * @throws {UsageError} If that network isn't known.
 * @throws {TypeError} If the network that was chosen has other weights.
 */
export async function* featuresLike(
  { path, layer, about, pool, pca }: FeatureKind,
  images: readonly string[],
  values:
    & Values<typeof modelOptions>
    & ReadingValues,
  io: Io,
): AsyncGenerator<FileFeatures> {
  const choice = await networkFor(path, about, values);
  const given = { ...values, ...choice };
  using model = await openModel(given, [layer], io, about.preset);
  await requireSameWeights(model, layer, about, path, io);
  const { extractFiles } = await import("../extract/extract_files.ts");
  const reading = readingOf(values, io);
  yield* extractFiles(model, images, [layer], {
    layout: about.layout,
    ...reading,
    region: reading.region ?? about.region,
    crop: reading.crop ?? about.crop,
    ...about.draft && { draft: true },
    ...about.exifOrientation && { exifOrientation: true },
    pool: about.pool ?? pool,
    pca,
  });
}

/** The weights given, else those that the file names, if they need no search. */
export async function networkFor(
  path: string,
  about: Pick<KnownOrigin, "arch" | "weights">,
  { arch, weights }: Partial<Values<typeof modelOptions>>,
): Promise<{ arch?: string; weights?: string }> {
  if (about.arch !== undefined && arch !== undefined && arch !== about.arch) {
    throw new UsageError(
      `--arch: "${path}" was made with ${about.arch}, not ${arch}`,
    );
  }
  const name = weights ?? about.weights;
  const { weightsTable } = await import("../weights/table.ts");
  const { archTable } = await import("../arch/table.ts");
  const isEntry = name === undefined ||
    weightsTable.some((entry) => entry.name === name);
  if (isEntry && (arch ?? about.arch) !== undefined) {
    if (arch === undefined && !archTable.has(about.arch!)) {
      throw madeWith(path, about.arch!);
    }
    return { arch: arch ?? about.arch, weights: name };
  }
  if (weights === undefined && name !== undefined && !await isPath(name)) {
    throw madeWith(path, name);
  }
  return { arch, weights: name };
}

/** Whether it is a local path. A file of features sends no requests. */
async function isPath(name: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  return await stat(name).then(() => true, () => false);
}

function madeWith(path: string, name: string): UsageError {
  return new UsageError(
    `"${path}" was made with "${name}"; choose these weights with --weights`,
  );
}

/**
 * Compares the weights and the transform with those that a file was made with; warns if the file
 * doesn't say, or if they differ a little.
 *
 * @throws {TypeError} If they are other weights.
 */
async function requireSameWeights(
  model: ResNet,
  layer: string,
  about: KnownOrigin,
  path: string,
  io: Io,
): Promise<void> {
  const warn = warnOn(io);
  const then = about.fingerprints?.[layer];
  if (then === undefined) {
    warn(`"${path}" doesn't say which weights it was made with`);
    return;
  }
  const { compareFingerprints } = await import("../model/fingerprint.ts");
  const is = compareFingerprints(await model.fingerprint(layer), then);
  if (is === "other") {
    const name = about.weights === undefined ? "" : ` ("${about.weights}")`;
    throw new TypeError(
      `cannot compare with "${path}": it was made with other weights` +
        `${name} of ${about.arch}; choose them with --weights`,
    );
  }
  if (is === "rounded") {
    warn(
      `"${path}" was made with the same batch norms but other filters, ` +
        "such as those of a float16 or int8 copy; the scores are approximate",
    );
  }
  if (about.preset && !isDeepStrictEqual(about.preset, model.preset)) {
    warn(
      `"${path}" was made with another transform; the scores are approximate`,
    );
  }
}
