/**
 * The list of a folder of packed weights on a static host.
 *
 * @module
 */

import { collect } from "./chunks.ts";
import { FetchError } from "./errors.ts";
import type { Keeper } from "./keeper.ts";
import type { FetchSettings } from "./options.ts";
import { RemoteFile } from "./remote_file.ts";

/** A file of packed weights. */
export interface ManifestFile {
  /** Architecture, e.g. `"resnet50"`. */
  readonly arch: string;
  /** What it was made from, e.g. `"IMAGENET1K_V2"`. */
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

/** What is asked for first; 17 networks in three types are 12 KB. */
const START = 2 ** 16;

/**
 * Fetches the manifest of a folder. Where that fails, the one of the last time will do.
 *
 * @param base The folder's URL, which ends in `/`.
 * @throws {RangeError} If it does not.
 * @throws {FetchError} If the server cannot be reached or has none.
 * @throws {SyntaxError} If it is none.
 */
export async function fetchManifest(
  base: string,
  settings: FetchSettings,
  keeper: Keeper,
): Promise<readonly ManifestFile[]> {
  if (!base.endsWith("/") || !URL.canParse(base)) {
    throw new RangeError(
      `weightsBase: "${base}", a URL that ends in / is allowed`,
    );
  }
  const url = `${base}manifest.json`;
  const bytes = await fetchAnew(url, settings, keeper).catch(async (error) => {
    const kept = error instanceof FetchError
      ? await keeper.find(url)
      : undefined;
    const source = kept && await keeper.open(kept.version, kept.parts[0]);
    if (source === undefined) throw error;
    return await source.read(0, source.size).finally(() => source.close());
  });
  return parseManifest(new TextDecoder().decode(bytes), url);
}

async function fetchAnew(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
): Promise<Uint8Array> {
  // It is no part of what the caller wants to see the progress of.
  const remote = new RemoteFile(
    url,
    { ...settings, onProgress: undefined },
    {},
  );
  try {
    const first = await remote.start(START);
    const { size = Infinity, version } = remote;
    const bytes = await collect(remote.bytes(0, size, first));
    await keeper.remove(url);
    if (version === undefined) return bytes;
    return await collect(
      keeper.keep(version, { offset: 0, end: size }, [bytes]),
    );
  } finally {
    remote.close();
  }
}

function parseManifest(text: string, url: string): readonly ManifestFile[] {
  const fail = (why: string, cause?: unknown) =>
    new SyntaxError(`cannot read "${url}": ${why}`, { cause });
  let files: unknown;
  try {
    files = JSON.parse(text)?.files;
  } catch (cause) {
    throw fail(`no JSON (${(cause as Error).message})`, cause);
  }
  if (!Array.isArray(files)) throw fail(`"files" is no list`);
  const wrong = files.findIndex((file) => !isManifestFile(file));
  if (wrong < 0) return files;
  throw fail(
    `files[${wrong}] is not given by arch, weights, dtype, file, size and sha256`,
  );
}

function isManifestFile(value: unknown): value is ManifestFile {
  if (typeof value !== "object" || value === null) return false;
  const { arch, weights, dtype, file, size, sha256 } = value as Record<
    string,
    unknown
  >;
  const texts = [arch, weights, dtype, file, sha256];
  return texts.every((text) => typeof text === "string") &&
    Number.isSafeInteger(size) &&
    // In the folder itself, and no other place.
    /^[\w.-]+$/.test(file as string) &&
    /^[0-9a-f]{64}$/.test(sha256 as string);
}
