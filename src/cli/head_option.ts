/**
 * How commands use a head.
 *
 * @module
 */

import { originIn } from "../extract/vector_file.ts";
import type { ClassDistance } from "../fit/nearest_mean.ts";
import type { ClassVotes } from "../fit/k_nearest.ts";
import type { Head } from "../fit/load_head.ts";
import type { Pca } from "../fit/pca.ts";
import { type Io, UsageError, type Values } from "./command.ts";
import { type FeatureKind, featuresLike } from "./features_like.ts";
import type { modelOptions } from "./options.ts";
import type { ReadingValues } from "./picture_files.ts";
import { openPca, requirePcaOf } from "./pca_option.ts";

/** The classes of a picture by a head, the first the best; or why it has none. */
export interface Ranked {
  readonly path: string;
  readonly classes?: (ClassVotes | ClassDistance)[];
  readonly error?: Error;
}

/**
 * Opens a head of `layertap fit`.
 *
 * @throws {UsageError} If it doesn't say which features it takes, or the PCA isn't the one it needs.
 */
export async function openHead(
  path: string,
  pca: Pca | undefined,
): Promise<{ readonly head: Head; readonly kind: FeatureKind }> {
  const { loadHead } = await import("../fit/load_head.ts");
  const head = await loadHead(path);
  const { layer } = head.about;
  const about = originIn(head.about);
  if (typeof layer !== "string") {
    throw new UsageError(
      `"${path}" doesn't say which features it takes; layertap fit does`,
    );
  }
  if (about.pca !== undefined) await requirePcaOf(path, about, layer, pca);
  else if (pca) throw new UsageError(`--pca: "${path}" was fitted without one`);
  return { head, kind: { path, layer, about, pool: "avg", pca } };
}

/** Ranks the classes of pictures by the head of a file. */
export async function* rankByHead(
  path: string,
  images: readonly string[],
  values:
    & Values<typeof modelOptions>
    & ReadingValues
    & { readonly pca?: string },
  io: Io,
): AsyncGenerator<Ranked> {
  const { head, kind } = await openHead(path, await openPca(values.pca));
  for await (
    const { path, values: found, error } of featuresLike(
      kind,
      images,
      values,
      io,
    )
  ) {
    yield found
      ? { path, classes: head.rank(Object.values(found)[0].data) }
      : { path, error };
  }
}
