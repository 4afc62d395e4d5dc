import { nodeZlib } from "../runtime/node_zlib.ts";

/** For four bytes at a time: `tables[256 * k + b]` is the CRC of byte `b` and `k` zero bytes. */
let made: Uint32Array | undefined;

function makeTables(): Uint32Array {
  const tables = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const crc = tables[i - 256];
    tables[i] = tables[crc & 255] ^ (crc >>> 8);
  }
  return tables;
}

/** The CRC-32 of zip, gzip and PNG, as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  const native = nodeZlib()?.crc32;
  // Deno 2.1 and 2.2 return a signed number.
  if (native) return native(bytes) >>> 0;
  const tables = made ??= makeTables();
  let crc = -1;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 |
      bytes[i + 3] << 24;
    crc = tables[768 + (crc & 255)] ^ tables[512 + (crc >>> 8 & 255)] ^
      tables[256 + (crc >>> 16 & 255)] ^ tables[crc >>> 24];
  }
  for (; i < bytes.length; i++) {
    crc = tables[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
