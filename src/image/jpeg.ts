/**
 * JPEG: mozjpeg through `@jsquash/jpeg`.
 *
 * @module
 */

import { type Decode, hasText, type ImageFormat } from "./format.ts";
import { IdleInstances } from "./idle_instances.ts";
import { APP1, readFrame, segments } from "./jpeg_segments.ts";
import { loadDecoder } from "./load_decoder.ts";

/** Baseline and progressive JPEG files: grey, YCbCr, RGB, CMYK and YCCK. */
export const jpeg: ImageFormat = {
  name: "JPEG",

  matches: (bytes) => hasText(bytes, 0, "\xff\xd8\xff"),

  readHeader: readJpegHeader,

  async loadDecoder(modules) {
    const module = await loadDecoder("jpeg", modules);
    const { decodeFourComponents } = await import("./jpeg_cmyk.ts");
    const decode: Decode = (bytes) =>
      instances.use(module, (codec) => {
        codec.complaint = "its compressed data is damaged";
        try {
          return codec.decoder.decode(bytes, false)!;
        } catch (cause) {
          throw new Error(codec.complaint, { cause });
        }
      });
    return (bytes) =>
      readJpegHeader(bytes).components === 4
        ? decodeFourComponents(bytes, decode)
        : decode(bytes);
  },
};

/** mozjpeg prints what is wrong, then exits by throwing an object that isn't an Error. */
const instances = new IdleInstances(async (module) => {
  const [{ default: factory }, { initEmscriptenModule }] = await Promise.all([
    import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js"),
    import("@jsquash/jpeg/utils.js"),
  ]);
  const printed = { complaint: "" };
  const decoder = await initEmscriptenModule(factory, module, {
    printErr: (line: string) => printed.complaint = line,
  });
  return Object.assign(printed, { decoder });
}, ({ decoder }) => decoder.HEAPU8.length);

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
  if (!size) throw new Error("it contains no picture");
  return { ...size, exif };
}
