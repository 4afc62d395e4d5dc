/**
 * How commands use a PCA.
 *
 * @module
 */

import { type KnownOrigin, originIn } from "../extract/vector_file.ts";
import type { Pca } from "../fit/pca.ts";
import { UsageError } from "./command.ts";

/** For commands that compute features. */
export const pcaOption = {
  pca: {
    value: "FILE",
    help: "reduce the features by a PCA that `layertap pca` fitted",
  },
} as const;

/** The PCA of the option, if it is given. */
export async function openPca(
  path: string | undefined,
): Promise<Pca | undefined> {
  if (path === undefined) return undefined;
  const { Pca } = await import("../fit/pca.ts");
  return await Pca.load(path);
}

/** Which features a PCA was fitted to, as far as it says so. */
export function originOfPca({ about }: Pca): KnownOrigin & {
  readonly layer?: string;
} {
  const { layer } = about;
  return { ...originIn(about), ...typeof layer === "string" && { layer } };
}

/**
 * Checks a PCA against a file of features, which it reduced or is to reduce.
 *
 * @throws {UsageError} If the file needs another.
 */
export async function requirePcaOf(
  path: string,
  about: KnownOrigin,
  layer: string | undefined,
  pca: Pca | undefined,
): Promise<void> {
  if (!pca) {
    throw new UsageError(
      `"${path}" was reduced by a PCA; name its file with --pca`,
    );
  }
  if (about.pca !== undefined) {
    if (about.pca === await pca.fingerprint()) return;
    throw new UsageError(`--pca: "${path}" was reduced by another PCA`);
  }
  await requireOrigin(pca, layer, about.pool, fingerprintOf(about, layer));
}

const fingerprintOf = (about: KnownOrigin, layer: string | undefined) =>
  layer === undefined ? undefined : about.fingerprints?.[layer];

/**
 * Checks that features are of the kind that a PCA was fitted to.
 *
 * @throws {UsageError} If they are of another layer, pooling or other weights.
 */
export async function requireOrigin(
  pca: Pca,
  layer: string | undefined,
  pool: string | undefined,
  fingerprint: string | undefined,
): Promise<void> {
  const origin = originOfPca(pca);
  const pairs = [
    ["layer", origin.layer, layer],
    ["pooling", origin.pool, pool],
  ] as const;
  for (const [what, then, now] of pairs) {
    if (then === undefined || now === undefined || then === now) continue;
    throw new UsageError(
      `--pca: it was fitted to ${what} "${then}", not "${now}"`,
    );
  }
  const then = fingerprintOf(origin, origin.layer);
  if (then === undefined || fingerprint === undefined) return;
  const { compareFingerprints } = await import("../model/fingerprint.ts");
  if (compareFingerprints(then, fingerprint) === "other") {
    throw new UsageError("--pca: it was fitted to features of other weights");
  }
}
