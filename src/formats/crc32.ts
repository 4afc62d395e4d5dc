/** Tables for four bytes at a time: `TABLES[256 * k + b]` is byte `b` with `k` zero bytes behind it. */
const TABLES = new Uint32Array(4 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) {
    crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  TABLES[byte] = crc;
}
for (let i = 256; i < TABLES.length; i++) {
  const crc = TABLES[i - 256];
  TABLES[i] = TABLES[crc & 255] ^ (crc >>> 8);
}

/** The CRC-32 of zip, gzip and PNG, as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 |
      bytes[i + 3] << 24;
    crc = TABLES[768 + (crc & 255)] ^ TABLES[512 + (crc >>> 8 & 255)] ^
      TABLES[256 + (crc >>> 16 & 255)] ^ TABLES[crc >>> 24];
  }
  for (; i < bytes.length; i++) {
    crc = TABLES[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
