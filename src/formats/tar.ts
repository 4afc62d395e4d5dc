/**
 * Tar archives: where their files are.
 *
 * Source: POSIX.1-2017, `pax`, "ustar Interchange Format".
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";

/** A file's content in an archive. */
export interface TarEntry {
  /** Position of its first byte. */
  readonly offset: number;
  /** Length in bytes. */
  readonly size: number;
}

const BLOCK = 512;

/** Most entries that are looked at. */
const MAX_ENTRIES = 1000;

/** Whether a file is of this format, from its first bytes as Latin-1. */
export function isTar(head: string): boolean {
  return head.startsWith("ustar", 257);
}

/**
 * The regular files of an archive, by name. Extended headers, which are for names and sizes
 * beyond the plain ones, are passed over.
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
      new SyntaxError(
        `cannot read "${source.name}": ${why} in the tar header at byte ${at}`,
      );
    if (count === MAX_ENTRIES) throw fail(`more than ${MAX_ENTRIES} entries`);
    const block = await source.read(at, BLOCK);
    if (block.every((byte) => byte === 0)) break; // The end is marked by zeros.
    const field = (offset: number, length: number) =>
      String.fromCharCode(...block.subarray(offset, offset + length))
        .replace(/\0[^]*$/, "");
    const octal = (offset: number, length: number) => {
      const digits = field(offset, length).trim();
      if (!/^[0-7]{1,12}$/.test(digits)) throw fail("a number that is none");
      return parseInt(digits, 8);
    };

    const checksum = octal(148, 8);
    block.fill(0x20, 148, 156); // It is that of the header with spaces in its place.
    if (block.reduce((sum, byte) => sum + byte) !== checksum) {
      throw fail("a wrong checksum");
    }
    const name = field(0, 100);
    const size = octal(124, 12);
    const offset = at + BLOCK;
    if (offset + size > source.size) {
      throw fail(`${size} bytes of "${name}", more than there are,`);
    }
    if (block[156] === 0x30 || block[156] === 0) {
      files.set(name, { offset, size });
    }
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
