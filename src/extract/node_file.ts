import type { FileHandle } from "node:fs/promises";
import { writing } from "../errors/cannot_write.ts";
import { crc32 } from "../formats/crc32.ts";
import { encodeFloat16 } from "../formats/float16.ts";
import { createSha256, type Sha256 } from "../runtime/sha256.ts";
import {
  type FeatureType,
  rowBytes,
  rowLength,
} from "../tables/feature_table.ts";
import { writeAll } from "./journal.ts";
import { damaged, makeFile, openFile } from "./own_file.ts";

/** A file of one node's values, row after row, with gaps for missing rows. */
export class NodeFile {
  /** Of the rows since the last {@linkcode sync}. */
  #hash: Sha256 | undefined;

  private constructor(
    readonly path: string,
    readonly type: FeatureType,
    readonly file: FileHandle,
  ) {}

  /** Makes the file. */
  static async create(path: string, type: FeatureType): Promise<NodeFile> {
    return new NodeFile(path, type, await makeFile(path));
  }

  /** Opens the file. */
  static async open(path: string, type: FeatureType): Promise<NodeFile> {
    return new NodeFile(path, type, await openFile(path));
  }

  /** Writes a row. */
  async write(row: number, values: Float32Array): Promise<void> {
    const { buffer, byteOffset, byteLength } = this.type.dtype === "float16"
      ? encodeFloat16(values)
      : values;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    (this.#hash ??= await createSha256()).update(sumOf(bytes));
    const position = row * rowBytes(this.type);
    await writing(this.path, writeAll(this.file, bytes, position));
  }

  /** Flushes all writes to disk. Returns a hash of the rows since the last time. */
  async sync(): Promise<string> {
    await writing(this.path, this.file.datasync());
    const hash = this.#hash ?? await createSha256();
    this.#hash = undefined;
    return hash.digest();
  }

  /** @throws {Error} If rows are not those that {@linkcode sync} gave this hash for. */
  async check(rows: Iterable<number>, hash: string): Promise<void> {
    const found = await createSha256();
    const bytes = new Uint8Array(rowBytes(this.type));
    for (const row of rows) {
      const length = await this.#fill(bytes, row * bytes.length);
      if (length < bytes.length) throw damaged(this.path, "it is cut");
      found.update(sumOf(bytes));
    }
    if (found.digest() === hash) return;
    throw damaged(this.path, "it is not what the run wrote");
  }

  /** The bytes of some rows, NaN for missing ones. */
  async read(
    from: number,
    to: number,
    missing: readonly number[],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array((to - from) * rowBytes(this.type));
    await this.#fill(bytes, from * rowBytes(this.type)); // The last rows may be missing.
    const length = rowLength(this.type);
    const elements = this.type.dtype === "float16"
      ? new Uint16Array(bytes.buffer)
      : new Float32Array(bytes.buffer);
    const nan = this.type.dtype === "float16" ? 0x7e00 : NaN;
    for (const row of missing) {
      if (row < from || row >= to) continue;
      elements.fill(nan, (row - from) * length, (row - from + 1) * length);
    }
    return bytes;
  }

  /** Reads bytes at a position; returns how many there are. */
  async #fill(bytes: Uint8Array, position: number): Promise<number> {
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await this.file
        .read(bytes, at, bytes.length - at, position + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return at;
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.file.close();
  }
}

/** A sum of a row's bytes; hashing all of them would take as long as computing some. */
function sumOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Uint32Array.of(crc32(bytes)).buffer);
}
