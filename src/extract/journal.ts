import { requireBuiltin } from "../runtime/builtin.ts";
import type { FileHandle } from "node:fs/promises";
import { writing } from "../errors/cannot_write.ts";
import { lines } from "../formats/lines.ts";
import { createSha256 } from "../runtime/sha256.ts";
import { damaged, makeFile, openFile } from "./own_file.ts";

/**
 * An append-only file of JSON values, one a line. An appended line is on disk.
 *
 * A line begins with a hash of its value and of the hash before: one that is changed, missing or
 * doubled is noticed.
 */
export class Journal<Entry> {
  #hash = "";
  #length = 0;

  private constructor(readonly path: string, readonly file: FileHandle) {}

  /** Makes it. */
  static async create<Entry>(path: string): Promise<Journal<Entry>> {
    return new Journal(path, await makeFile(path));
  }

  /**
   * Opens it; drops an incomplete last line, as a killed run leaves it.
   *
   * @throws {Error} If it is damaged.
   */
  static async open<Entry>(path: string): Promise<Journal<Entry>> {
    const journal = new Journal<Entry>(path, await openFile(path));
    try {
      journal.#length = await wholeLines(path);
      await journal.file.truncate(journal.#length);
      for await (const line of journal.#lines()) {
        const [hash, text] = split(line);
        if (hash !== await hashOf(journal.#hash, text)) {
          throw damaged(path, `the line "${line.slice(0, 40)}…" is not right`);
        }
        journal.#hash = hash;
      }
      return journal;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** Appends a line. */
  async append(entry: Entry): Promise<void> {
    const text = JSON.stringify(entry);
    const hash = await hashOf(this.#hash, text);
    const line = new TextEncoder().encode(`${hash} ${text}\n`);
    await writing(this.path, writeAll(this.file, line, this.#length));
    await writing(this.path, this.file.datasync());
    this.#hash = hash;
    this.#length += line.length;
  }

  /** Removes all lines. */
  async clear(): Promise<void> {
    await writing(this.path, this.file.truncate(0));
    this.#hash = "";
    this.#length = 0;
  }

  /** All values, from the first. */
  async *entries(): AsyncGenerator<Entry> {
    for await (const line of this.#lines()) yield JSON.parse(split(line)[1]);
  }

  async *#lines(): AsyncGenerator<string> {
    const { createReadStream } = requireBuiltin("node:fs");
    yield* lines(createReadStream(this.path));
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.file.close();
  }
}

const hashLength = 16;

function split(line: string): [hash: string, text: string] {
  return [line.slice(0, hashLength), line.slice(hashLength + 1)];
}

async function hashOf(before: string, text: string): Promise<string> {
  const hash = await createSha256();
  hash.update(new TextEncoder().encode(before + text));
  return hash.digest().slice(0, hashLength);
}

/** Writes bytes at a position, all of them. */
export async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file
      .write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** Length of a file up to its last line end, in bytes. */
async function wholeLines(path: string): Promise<number> {
  const { createReadStream } = requireBuiltin("node:fs");
  let at = 0;
  let whole = 0;
  for await (const chunk of createReadStream(path)) {
    const end = chunk.lastIndexOf(0x0a) + 1;
    if (end > 0) whole = at + end;
    at += chunk.length;
  }
  return whole;
}
