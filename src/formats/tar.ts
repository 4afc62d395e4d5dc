/**
 * Tar archives: where their files are.
 *
 * Source: POSIX.1-2017, `pax`, "ustar Interchange Format".
 *
 * @module
 */

import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";

/** Where a file's content is in the archive. */
export interface TarEntry {
  /** Position of its first byte. */
  readonly offset: number;
  /** Length in bytes. */
  readonly size: number;
}

const BLOCK = 512;

/** Most entries to read. */
const MAX_ENTRIES = 1000;

/** Whether a file is a tar archive, from its first bytes as Latin-1. */
export function isTar(head: string): boolean {
  return head.startsWith("ustar", 257);
}

/**
 * The regular files of an archive, by name. Extended headers, which hold long names and sizes, are
 * skipped.
 *
 * @throws {SyntaxError} If it is damaged or cut short.
 */
export async function readTar(
  source: ByteSource,
): Promise<Map<string, TarEntry>> {
  const files = new Map<string, TarEntry>();
  let at = 0;
  for (let count = 0; at + BLOCK <= source.size; count++) {
    const fail = (why: string) =>
      failReading(source.name)(`tar header at byte ${at}: ${why}`);
    if (count === MAX_ENTRIES) throw fail(`more than ${MAX_ENTRIES} entries`);
    const block = await source.read(at, BLOCK);
    if (block.every((byte) => byte === 0)) break; // Zeros mark the end.
    const field = (offset: number, length: number) =>
      String.fromCharCode(...block.subarray(offset, offset + length))
        .replace(/\0[^]*$/, "");
    const octal = (offset: number, length: number) => {
      const digits = field(offset, length).trim();
      if (!/^[0-7]{1,12}$/.test(digits)) throw fail("invalid octal number");
      return parseInt(digits, 8);
    };

    const checksum = octal(148, 8);
    block.fill(0x20, 148, 156); // The checksum is computed with spaces in its place.
    if (block.reduce((sum, byte) => sum + byte) !== checksum) {
      throw fail("wrong checksum");
    }
    const name = field(0, 100);
    const size = octal(124, 12);
    const offset = at + BLOCK;
    if (offset + size > source.size) {
      throw fail(`the ${size} bytes of "${name}" are cut short`);
    }
    if (block[156] === 0x30 || block[156] === 0) {
      files.set(name, { offset, size });
    }
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
