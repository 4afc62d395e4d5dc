/**
 * PNG: the Rust crate `png` through `@jsquash/png`.
 *
 * @module
 */

import { hasText, type ImageFormat } from "./format.ts";
import { loadDecoder } from "./load_decoder.ts";
import {
  essentials,
  type PngHeader,
  readPngHeader,
  SIGNATURE,
} from "./png_chunks.ts";

/**
 * PNG files of every colour type and depth; for an animation, its still picture. The codec refuses
 * many an odd chunk, so it gets only those that the pixels need. Nor does it check CRCs or zlib's
 * checksum: damaged pixels could pass for good ones, so all files but intact ones are repaired first.
 */
export const png: ImageFormat<PngHeader> = {
  name: "PNG",

  matches: (bytes) => hasText(bytes, 0, SIGNATURE),

  readHeader: readPngHeader,

  async loadDecoder(modules) {
    const module = await loadDecoder("png", modules);
    const { decodePng } = await import("./png_codec.ts");
    return {
      async decode(_bytes, header) {
        if (header.isIntact) {
          try {
            return await decodePng(module, essentials(header));
          } catch {
            // Perhaps some of its pixels are missing.
          }
        }
        const { repair } = await import("./png_repair.ts");
        return await decodePng(module, await repair(header));
      },
    };
  },
};
