/**
 * The manifest of packed weights on a static host: `manifest.json` beside the files.
 *
 * @module
 */

import { expected } from "../../errors/expected.ts";
import { failReading } from "../../errors/fail.ts";
import { isRecord, parseJsonObject } from "../../formats/json.ts";
import { FetchError } from "./errors.ts";
import type { Keeper } from "./keeper.ts";
import type { FetchSettings } from "./options.ts";
import { fetchSmall, keptSmall } from "./small_file.ts";

/** A file of packed weights on the host. */
export interface ManifestFile {
  /** Architecture, e.g. `"resnet50"`. */
  readonly arch: string;
  /** The weights that it was made from, e.g. `"IMAGENET1K_V2"`. */
  readonly weights: string;
  /** `"float32"`, `"float16"` or `"int8"`. */
  readonly dtype: string;
  /** Its name in the folder. */
  readonly file: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Its SHA-256 in hex. */
  readonly sha256: string;
}

/**
 * Fetches the manifest; if that fails, the one in the cache is used.
 *
 * @param base The folder's URL, which ends with `/`.
 * @throws {RangeError} If it doesn't.
 * @throws {FetchError} If the server can't be reached, or has no manifest.
 * @throws {SyntaxError} If the manifest doesn't parse.
 */
export async function fetchManifest(
  base: string,
  settings: FetchSettings,
  keeper: Keeper,
): Promise<readonly ManifestFile[]> {
  if (!base.endsWith("/") || !URL.canParse(base)) {
    throw new RangeError(
      expected("weightsBase", "a URL that ends with /", base),
    );
  }
  const url = `${base}manifest.json`;
  const bytes = await fetchSmall(url, settings, keeper).catch(async (error) => {
    const kept = error instanceof FetchError
      ? await keptSmall(url, keeper)
      : undefined;
    if (kept === undefined) throw error;
    return kept;
  });
  return parseManifest(bytes, url);
}

function parseManifest(
  bytes: Uint8Array,
  url: string,
): readonly ManifestFile[] {
  const fail = failReading(url);
  const { files } = parseJsonObject(bytes, fail);
  if (!Array.isArray(files)) throw fail(`"files": expected a list`);
  const wrong = files.findIndex((file) => !isManifestFile(file));
  if (wrong < 0) return files;
  throw fail(
    `files[${wrong}]: expected arch, weights, dtype, file, size and sha256`,
  );
}

function isManifestFile(value: unknown): value is ManifestFile {
  if (!isRecord(value)) return false;
  const { arch, weights, dtype, file, size, sha256 } = value;
  const texts = [arch, weights, dtype, file, sha256];
  return texts.every((text) => typeof text === "string") &&
    Number.isSafeInteger(size) &&
    // In the folder itself.
    /^[\w.-]+$/.test(file as string) &&
    /^[0-9a-f]{64}$/.test(sha256 as string);
}
