/**
 * WebP: the container (https://developers.google.com/speed/webp/docs/riff_container), and libwebp
 * through `@jsquash/webp`.
 *
 * @module
 */

import { cutShort, hasText, type ImageFormat } from "./format.ts";
import { IdleInstances } from "./idle_instances.ts";
import { loadDecoder } from "./load_decoder.ts";

const ANIMATION_FLAG = 0x02;

/** Lossy, lossless and extended WebP files with one frame. */
export const webp: ImageFormat = {
  name: "WebP",

  matches: (bytes) => hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP"),

  readHeader(bytes) {
    let size: [width: number, height: number] | undefined;
    let exif: Uint8Array | undefined;
    for (const { type, data } of chunks(bytes)) {
      if (type === "VP8X" && data[0] & ANIMATION_FLAG) {
        throw new Error("it is an animation");
      }
      size ??= readSize(type, data);
      if (type === "EXIF") exif ??= data;
    }
    if (!size) throw new Error("it contains no picture");
    const [width, height] = size;
    return { width, height, exif };
  },

  async loadDecoder(modules) {
    const module = await loadDecoder("webp", modules);
    return {
      decode: (bytes) =>
        instances.use(module, (decoder) => {
          const pixels = decoder.decode(bytes);
          if (!pixels) throw new Error("its compressed data is damaged");
          return pixels;
        }),
    };
  },
};

const instances = new IdleInstances(async (module) => {
  const [{ default: factory }, { initEmscriptenModule }] = await Promise.all([
    import("@jsquash/webp/codec/dec/webp_dec.js"),
    import("@jsquash/webp/utils.js"),
  ]);
  return await initEmscriptenModule(factory, module, { printErr: () => {} });
}, ({ HEAPU8 }) => HEAPU8.length);

/** The chunks of the RIFF container. */
function* chunks(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) {
    throw cutShort(`it has ${bytes.length} of ${end} bytes`);
  }
  for (let at = 12; at + 8 <= end;) {
    const length = view.getUint32(at + 4, true);
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    yield { type, data: bytes.subarray(at + 8, at + 8 + length) };
    at += 8 + length + length % 2;
  }
}

/** The picture's size, if this chunk holds it. */
function readSize(
  type: string,
  data: Uint8Array,
): [width: number, height: number] | undefined {
  if (data.length < (type === "VP8L" ? 5 : 10)) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (type) {
    case "VP8X": // Two 24-bit numbers after the flags.
      return [
        1 + (view.getUint32(4, true) & 0xffffff),
        1 + (view.getUint32(6, true) >>> 8),
      ];
    case "VP8 ": // After the frame tag and the start code; the upper bits are scaling hints.
      return [
        view.getUint16(6, true) & 0x3fff,
        view.getUint16(8, true) & 0x3fff,
      ];
    case "VP8L": { // Two 14-bit numbers after the signature.
      const bits = view.getUint32(1, true);
      return [1 + (bits & 0x3fff), 1 + (bits >>> 14 & 0x3fff)];
    }
  }
}
