/**
 * WebP: the container (https://developers.google.com/speed/webp/docs/riff_container), and libwebp
 * through `@jsquash/webp`.
 *
 * @module
 */

import {
  cutShort,
  hasText,
  type ImageFormat,
  type ImageHeader,
} from "./format.ts";
import { IdleInstances } from "./idle_instances.ts";
import { loadDecoder } from "./load_decoder.ts";
import type { ImageDataLike } from "./rgb_image.ts";

const ANIMATION_FLAG = 0x02;

/** Pixels in a row, and rows. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** A WebP file's header. */
interface WebpHeader extends ImageHeader {
  /** The first picture of an animation, within `width` x `height`. */
  readonly frame?: Frame;
}

/** Lossy, lossless and extended WebP files; for an animation, its first picture. */
export const webp: ImageFormat<WebpHeader> = {
  name: "WebP",

  matches: (bytes) => hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP"),

  readHeader(bytes) {
    let size: Size | undefined;
    let exif: Uint8Array | undefined;
    let frame: Frame | undefined;
    let isAnimation = false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = 8 + view.getUint32(4, true);
    if (end > bytes.length) {
      throw cutShort(`it has ${bytes.length} of ${end} bytes`);
    }
    for (const { type, data } of chunks(bytes.subarray(12, end))) {
      if (type === "VP8X") isAnimation = (data[0] & ANIMATION_FLAG) > 0;
      size ??= readSize(type, data);
      if (type === "EXIF") exif ??= data;
      if (type === "ANMF" && isAnimation) frame ??= readFrame(data);
    }
    if (!size?.width || !size.height || isAnimation && !frame) {
      throw new Error("it contains no picture");
    }
    if (
      frame && (frame.left + frame.width > size.width ||
        frame.top + frame.height > size.height)
    ) throw new Error("its first picture is larger than the animation");
    return { ...size, exif, frame };
  },

  async loadDecoder(modules) {
    const module = await loadDecoder("webp", modules);
    const decode = (bytes: Uint8Array) =>
      instances.use(module, (decoder) => {
        const pixels = decoder.decode(bytes);
        if (!pixels) throw new Error("its compressed data is damaged");
        return pixels;
      });
    return {
      async decode(bytes, { width, height, frame }) {
        if (!frame) return await decode(bytes);
        const picture = await decode(frame.file);
        return place(picture, frame, { width, height });
      },
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

/** The chunks of a RIFF container, or of a part of it. */
function* chunks(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + length % 2;
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const chunk = bytes.subarray(at, end);
    yield { type, chunk, data: chunk.subarray(8, 8 + length) };
    at = end;
  }
}

/** A picture of an animation. */
interface Frame extends Size {
  readonly left: number;
  readonly top: number;
  /** A file with this picture alone, without alpha. */
  readonly file: Uint8Array<ArrayBuffer>;
}

/** Reads an ANMF chunk: where the picture is, how large, and its own chunks. */
function readFrame(data: Uint8Array): Frame {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 16) throw cutShort("its first picture is missing");
  const u24 = (at: number) => view.getUint32(at, true) & 0xffffff;
  const width = 1 + u24(6), height = 1 + u24(9);
  for (const { type, chunk, data: bitstream } of chunks(data.subarray(16))) {
    if (type !== "VP8 " && type !== "VP8L") continue;
    const size = readSize(type, bitstream);
    if (size?.width !== width || size.height !== height) break;
    const file = new Uint8Array(12 + chunk.length + chunk.length % 2);
    file.set(new TextEncoder().encode("RIFF....WEBP"));
    new DataView(file.buffer).setUint32(4, file.length - 8, true);
    file.set(chunk, 12);
    return { left: 2 * u24(0), top: 2 * u24(3), width, height, file };
  }
  throw new Error("the first picture of its animation is damaged");
}

/** A frame on the black canvas of its animation. */
function place(
  { data }: ImageDataLike,
  { left, top, width, height }: Frame,
  canvas: Size,
): ImageDataLike {
  if (width === canvas.width && height === canvas.height) {
    return { ...canvas, data };
  }
  const all = new Uint8Array(4 * canvas.width * canvas.height);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(4 * y * width, 4 * (y + 1) * width);
    all.set(row, 4 * ((top + y) * canvas.width + left));
  }
  return { ...canvas, data: all };
}

/** The picture's size, if this chunk holds it. */
function readSize(type: string, data: Uint8Array): Size | undefined {
  if (data.length < (type === "VP8L" ? 5 : 10)) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (type) {
    case "VP8X": // Two 24-bit numbers after the flags.
      return {
        width: 1 + (view.getUint32(4, true) & 0xffffff),
        height: 1 + (view.getUint32(6, true) >>> 8),
      };
    case "VP8 ": // After the frame tag and the start code; the upper bits are scaling hints.
      return {
        width: view.getUint16(6, true) & 0x3fff,
        height: view.getUint16(8, true) & 0x3fff,
      };
    case "VP8L": { // Two 14-bit numbers after the signature.
      const bits = view.getUint32(1, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + (bits >>> 14 & 0x3fff) };
    }
  }
}
