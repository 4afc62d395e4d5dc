/**
 * PNG: the chunks (https://www.w3.org/TR/png-3/), and the Rust `png` crate by way of
 * `@jsquash/png`.
 *
 * @module
 */

import { cutShort, hasText, type ImageFormat } from "./format.ts";
import { loadDecoder } from "./load_decoder.ts";

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** PNG files of every colour type and depth; of an animation the still picture. */
export const png: ImageFormat = {
  name: "PNG",

  matches: (bytes) => hasText(bytes, 0, SIGNATURE),

  readHeader(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let exif: Uint8Array | undefined;
    for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
      const length = view.getUint32(at);
      if (at === SIGNATURE.length && !hasText(bytes, at + 4, "IHDR")) {
        throw new Error("it does not begin with an IHDR chunk");
      }
      if (hasText(bytes, at + 4, "eXIf")) {
        exif = bytes.subarray(at + 8, at + 8 + length);
      }
      if (hasText(bytes, at + 4, "IEND")) {
        return { width: view.getUint32(16), height: view.getUint32(20), exif };
      }
      at += 12 + length;
    }
    throw cutShort("its last chunk is not there");
  },

  async loadDecoder(modules) {
    const module = await loadDecoder("png", modules);
    const { decodePng } = await import("./png_codec.ts");
    return (bytes) => decodePng(module, bytes);
  },
};
