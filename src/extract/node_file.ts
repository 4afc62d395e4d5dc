import type { FileHandle } from "node:fs/promises";
import { encodeFloat16 } from "../formats/float16.ts";
import { requireBuiltin } from "../runtime/builtin.ts";
import {
  type FeatureType,
  rowBytes,
  rowLength,
} from "../tables/feature_table.ts";

/** A file of one node's values, row after row, with gaps for missing rows. */
export class NodeFile {
  private constructor(
    readonly type: FeatureType,
    readonly file: FileHandle,
  ) {}

  /** Opens or creates the file. */
  static async open(
    path: string,
    type: FeatureType,
  ): Promise<NodeFile> {
    const { open } = requireBuiltin("node:fs/promises");
    const { constants: { O_CREAT, O_RDWR } } = requireBuiltin("node:fs");
    return new NodeFile(type, await open(path, O_RDWR | O_CREAT));
  }

  /** Writes a row. */
  async write(row: number, values: Float32Array): Promise<void> {
    const { buffer, byteOffset, byteLength } = this.type.dtype === "float16"
      ? encodeFloat16(values)
      : values;
    const position = row * rowBytes(this.type);
    let at = 0;
    while (at < byteLength) {
      const rest = new Uint8Array(buffer, byteOffset + at, byteLength - at);
      const { bytesWritten } = await this.file.write(
        rest,
        0,
        rest.length,
        position + at,
      );
      at += bytesWritten;
    }
  }

  /** Flushes all writes to disk. */
  async sync(): Promise<void> {
    await this.file.datasync();
  }

  /** The bytes of some rows, NaN for missing ones. */
  async read(
    from: number,
    to: number,
    missing: readonly number[],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array((to - from) * rowBytes(this.type));
    const position = from * rowBytes(this.type);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await this.file.read(
        bytes,
        at,
        bytes.length - at,
        position + at,
      );
      if (bytesRead === 0) break; // The last rows are missing.
      at += bytesRead;
    }
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

  /** Closes the file. */
  async close(): Promise<void> {
    await this.file.close();
  }
}
