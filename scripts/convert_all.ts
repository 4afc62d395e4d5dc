/**
 * Packs all official weights into a folder for any static host. `createModel` uses it when
 * `weightsBase` or `$LAYERTAP_WEIGHTS` names its URL.
 *
 *     deno run --allow-read --allow-write --allow-env --allow-net scripts/convert_all.ts \
 *       OUT [--from FOLDER] [--dtype float16,int8]
 *
 * The official files come from FOLDER, under their published names; without it, from torch's cache
 * or a download. Missing files are listed, and the rest is packed. `manifest.json`, which lists the
 * packed files, is written last.
 *
 * @module
 */

import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { convertWeights } from "../src/weights/convert.ts";
import { writeFile } from "../src/weights/write_file.ts";
import type { ManifestFile } from "../src/weights/fetch/manifest.ts";
import type { WeightsDType } from "../src/arch/weights_dtype.ts";
import { createSha256 } from "../src/runtime/sha256.ts";
import {
  sha256PrefixOf,
  type WeightsEntry,
  weightsTable,
} from "../src/weights/table.ts";
import { openInTorchCache } from "../src/weights/torch_cache.ts";

/** What to pack, and how. */
export interface ConvertAllOptions {
  /** The folder of official files. Default: torch's cache, else their host. */
  readonly from?: string;
  /** The data types; each gets a file. */
  readonly dtypes: readonly WeightsDType[];
  /** The entries to pack. */
  readonly table?: readonly WeightsEntry[];
  /** Called with each packed and each missing file. */
  readonly log: (line: string) => void;
}

/**
 * Packs the file of every entry.
 *
 * @returns The entries without a file: `resnet18 IMAGENET1K_V1`.
 */
export async function convertAll(
  out: string,
  options: ConvertAllOptions,
): Promise<string[]> {
  const { dtypes, table = weightsTable, log } = options;
  await mkdir(out, { recursive: true });
  const files: ManifestFile[] = [];
  const missing: string[] = [];
  for (const entry of table) {
    try {
      for (const dtype of dtypes) {
        files.push(await convertOne(entry, dtype, out, options));
      }
    } catch (error) {
      log(`${entry.arch} ${entry.name}: ${(error as Error).message}`);
      missing.push(`${entry.arch} ${entry.name}`);
    }
  }
  const text = JSON.stringify({ files }, null, 2);
  const manifest = new TextEncoder().encode(`${text}\n`);
  await writeFile(join(out, "manifest.json"), manifest);
  return missing;
}

async function convertOne(
  entry: WeightsEntry,
  dtype: WeightsDType,
  out: string,
  { from, log }: ConvertAllOptions,
): Promise<ManifestFile> {
  const { arch, name, license, preset } = entry;
  const source = from === undefined ? name : await findIn(from, entry, log);
  const packed = await convertWeights(source, {
    arch,
    dtype,
    metadata: { license, preset },
    warn: log,
  });
  const file = `${arch}.${name}.${dtype}.npz`;
  await writeFile(join(out, file), packed);
  log(`${file}: ${packed.length} bytes`);
  const hash = await createSha256();
  hash.update(packed);
  const sha256 = hash.digest();
  return { arch, weights: name, dtype, file, size: packed.length, sha256 };
}

/** Path of an entry's file in a folder, by name and hash. */
async function findIn(
  folder: string,
  { url, legacyUrl }: WeightsEntry,
  warn: (message: string) => void,
): Promise<string> {
  for (const place of [url, legacyUrl ?? []].flat()) {
    const hash = sha256PrefixOf(place)!;
    const source = await openInTorchCache(place, hash, folder, warn);
    if (source === undefined) continue;
    source.close();
    return source.name;
  }
  throw new Error(`there is no ${basename(url)} in "${folder}"`);
}

if (import.meta.main) {
  const { values, positionals: [out, ...rest] } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: "string" },
      dtype: { type: "string", default: "float16,int8" },
    },
  });
  const dtypes = values.dtype.split(",") as WeightsDType[];
  const known = ["float32", "float16", "int8"];
  if (!out || rest.length > 0 || !dtypes.every((d) => known.includes(d))) {
    console.error(
      `usage: convert_all.ts OUT [--from FOLDER] [--dtype ${known}]`,
    );
    process.exit(2);
  }
  const { from } = values;
  const missing = await convertAll(out, { from, dtypes, log: console.log });
  if (missing.length > 0) {
    console.error(`missing: ${missing.join(", ")}`);
    process.exitCode = 1;
  }
}
