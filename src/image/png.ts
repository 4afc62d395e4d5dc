/**
 * PNG: the chunks (https://www.w3.org/TR/png-3/), and the Rust crate `png` through `@jsquash/png`.
 *
 * @module
 */

import { crc32 } from "../formats/crc32.ts";
import { cutShort, hasText, type ImageFormat } from "./format.ts";
import { loadDecoder } from "./load_decoder.ts";

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** PNG files of every colour type and depth; for an animation, its still picture. */
export const png: ImageFormat = {
  name: "PNG",

  matches: (bytes) => hasText(bytes, 0, SIGNATURE),

  // The codec checks no CRC, so damage could pass for pixels. PIL rejects it too.
  readHeader(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let exif: Uint8Array | undefined;
    for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
      const end = at + 8 + view.getUint32(at);
      if (end + 4 > bytes.length) break;
      if (view.getUint32(end) !== crc32(bytes.subarray(at + 4, end))) {
        throw new Error(`the CRC of its chunk at byte ${at} is wrong`);
      }
      const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      if (at === SIGNATURE.length && type !== "IHDR") {
        throw new Error("it doesn't start with an IHDR chunk");
      }
      if (type === "eXIf") exif = bytes.subarray(at + 8, end);
      if (type === "IEND") {
        return { width: view.getUint32(16), height: view.getUint32(20), exif };
      }
      at = end + 4;
    }
    throw cutShort("its last chunk is missing");
  },

  async loadDecoder(modules) {
    const module = await loadDecoder("png", modules);
    const { decodePng } = await import("./png_codec.ts");
    return { decode: (bytes) => decodePng(module, bytes) };
  },
};
