/**
 * A cache in a folder.
 *
 * It has a folder for each URL, `<host and path>-<hash of the URL>`; in that, one for each version
 * of the file; in that, `source.json` (URL, size, ETag) and the parts, named
 * `<offset>-<end>-<SHA-256>`. A part is written under a temporary name, then renamed.
 *
 * @module
 */

import { writing } from "../../errors/cannot_write.ts";
import { requireBuiltin } from "../../runtime/builtin.ts";
import type { ByteSource } from "../../runtime/byte_source.ts";
import { openByteSource } from "../../runtime/open_source.ts";
import { createSha256 } from "../../runtime/sha256.ts";
import { sha256 } from "../sha256.ts";
import {
  isWhole,
  type KeptFile,
  type PartWriter,
  type WeightsCache,
} from "./cache.ts";
import type { Span } from "./span.ts";
import type { FileVersion } from "./remote_file.ts";

// Not when it loads: a bundle in one file loads it in browsers too.
const fs = () => requireBuiltin("node:fs/promises");

/** The file that describes the file whose parts are in the folder. */
const SOURCE = "source.json";
/** Suffix of files being written. */
const UNFINISHED = ".tmp";
/** Milliseconds since the last write after which a file's process must have died. */
const ABANDONED = 10 * 60_000;

/** A part, and its file's name. */
interface Part extends Span {
  readonly name: string;
  readonly sha256: string;
}

/** Keeps files in a folder, which is made when needed. */
export class FolderCache implements WeightsCache {
  constructor(readonly folder: string) {}

  async find(url: string, sha256?: string): Promise<KeptFile | undefined> {
    const home = await this.#homeOf(url);
    for (const name of await namesIn(home)) {
      const file = await keptIn(`${home}/${name}`);
      if (file?.parts.length && file.version.sha256 === sha256) return file;
    }
    return undefined;
  }

  async open(
    version: FileVersion,
    { offset, end }: Span,
  ): Promise<ByteSource | undefined> {
    const folder = await this.#folderOf(version);
    const part = (await partsIn(folder))
      .find((part) => part.offset === offset && part.end === end);
    if (part === undefined) return undefined;
    const path = `${folder}/${part.name}`;
    const source = await openByteSource(path).catch(() => undefined);
    const isSound = source?.size === end - offset &&
      await sha256(source) === part.sha256;
    if (isSound) return source;
    source?.close();
    await fs().rm(path, { force: true });
    return undefined;
  }

  async create(version: FileVersion, part: Span): Promise<PartWriter> {
    const folder = await this.#folderOf(version);
    await fs().mkdir(folder, { recursive: true });
    const names = await namesIn(folder);
    await removeAbandoned(folder, names);
    if (!names.includes(SOURCE)) await writeSource(folder, version);
    const hash = await createSha256();
    const path = temporaryName(folder);
    const file = await fs().open(path, "wx");
    return {
      async write(chunk) {
        hash.update(chunk);
        await writing(path, file.writeFile(chunk));
      },
      async commit() {
        await writing(path, file.close());
        const name = `${part.offset}-${part.end}-${hash.digest()}`;
        await fs().rename(path, `${folder}/${name}`);
        if (isWhole(version, part)) await removeOthers(folder, name);
      },
      async abort() {
        await file.close().catch(() => {}); // It may be closed already.
        await fs().rm(path, { force: true });
      },
    };
  }

  async remove(url: string): Promise<void> {
    await fs().rm(await this.#homeOf(url), { recursive: true, force: true });
  }

  async list(): Promise<KeptFile[]> {
    const files: KeptFile[] = [];
    for (const home of await namesIn(this.folder)) {
      for (const version of await namesIn(`${this.folder}/${home}`)) {
        const file = await keptIn(`${this.folder}/${home}/${version}`);
        if (file !== undefined) files.push(file);
      }
    }
    return files;
  }

  async #homeOf(url: string): Promise<string> {
    const { host, pathname } = new URL(url);
    const readable = `${host}${pathname}`.replaceAll(/[^\w.-]/g, "_");
    return `${this.folder}/${readable.slice(-100)}-${await shortHash(url)}`;
  }

  async #folderOf(version: FileVersion): Promise<string> {
    const { url, size, validator, sha256 } = version;
    const home = await this.#homeOf(url);
    return `${home}/${await shortHash(`${[size, validator, sha256]}`)}`;
  }
}

async function keptIn(folder: string): Promise<KeptFile | undefined> {
  try {
    const version = JSON.parse(
      await fs().readFile(`${folder}/${SOURCE}`, "utf8"),
    );
    const { url, size } = version;
    if (typeof url !== "string" || !Number.isSafeInteger(size)) {
      return undefined;
    }
    return { version, parts: await partsIn(folder) };
  } catch {
    return undefined; // Another process may be removing it.
  }
}

async function partsIn(folder: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (const name of await namesIn(folder)) {
    const [, offset, end, sha256] = /^(\d+)-(\d+)-([0-9a-f]{64})$/.exec(name) ??
      [];
    if (sha256 === undefined) continue;
    parts.push({ name, offset: Number(offset), end: Number(end), sha256 });
  }
  return parts.sort((a, b) => a.offset - b.offset);
}

/** Names in a folder; none if it doesn't exist. */
async function namesIn(folder: string): Promise<string[]> {
  return await fs().readdir(folder).catch((error) => {
    if (["ENOENT", "ENOTDIR"].includes(error.code)) return [];
    throw error;
  });
}

async function writeSource(
  folder: string,
  version: FileVersion,
): Promise<void> {
  const temporary = temporaryName(folder);
  await fs().writeFile(temporary, JSON.stringify(version));
  await fs().rename(temporary, `${folder}/${SOURCE}`);
}

/** Removes the parts that the whole file replaces. */
async function removeOthers(folder: string, whole: string): Promise<void> {
  for (const { name } of await partsIn(folder)) {
    if (name !== whole) await fs().rm(`${folder}/${name}`, { force: true });
  }
}

/** Removes the unfinished files of processes that were killed. */
async function removeAbandoned(
  folder: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (!name.endsWith(UNFINISHED)) continue;
    const path = `${folder}/${name}`;
    const stat = await fs().stat(path).catch(() => undefined);
    if (stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED) {
      await fs().rm(path, { force: true });
    }
  }
}

function temporaryName(folder: string): string {
  return `${folder}/${crypto.randomUUID()}${UNFINISHED}`;
}

async function shortHash(text: string): Promise<string> {
  const hash = await createSha256();
  hash.update(new TextEncoder().encode(text));
  return hash.digest().slice(0, 8);
}
