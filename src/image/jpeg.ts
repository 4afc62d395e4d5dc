/**
 * JPEG: mozjpeg by way of `@jsquash/jpeg`.
 *
 * @module
 */

import { type Decode, hasText, type ImageFormat } from "./format.ts";
import { APP1, readFrame, segments } from "./jpeg_segments.ts";
import { loadDecoder } from "./load_decoder.ts";

/** Baseline and progressive JPEG files: grey, YCbCr, RGB, CMYK and YCCK. */
export const jpeg: ImageFormat = {
  name: "JPEG",

  matches: (bytes) => hasText(bytes, 0, "\xff\xd8\xff"),

  readHeader: readJpegHeader,

  async loadDecoder(modules) {
    const module = await loadDecoder("jpeg", modules);
    const [{ default: factory }, { initEmscriptenModule }] = await Promise.all([
      import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js"),
      import("@jsquash/jpeg/utils.js"),
    ]);
    const { decodeFourComponents } = await import("./jpeg_cmyk.ts");
    const decode: Decode = async (bytes) => {
      // mozjpeg prints what it finds and then exits, which throws an object that is no error.
      let complaint = "its compressed data are damaged";
      const decoder = await initEmscriptenModule(factory, module, {
        printErr: (line: string) => complaint = line,
      });
      try {
        return decoder.decode(bytes, false)!;
      } catch (cause) {
        throw new Error(complaint, { cause });
      }
    };
    return (bytes) =>
      readJpegHeader(bytes).components === 4
        ? decodeFourComponents(bytes, decode)
        : decode(bytes);
  },
};

function readJpegHeader(bytes: Uint8Array) {
  let size: { width: number; height: number; components: number } | undefined;
  let exif: Uint8Array | undefined;
  for (const segment of segments(bytes)) {
    const frame = readFrame(segment);
    if (frame) {
      const { width, height, components } = frame;
      size ??= { width, height, components: components.length };
    }
    if (segment.marker === APP1 && hasText(segment.payload, 0, "Exif\0\0")) {
      exif ??= segment.payload;
    }
  }
  if (!size) throw new Error("it holds no picture");
  return { ...size, exif };
}
