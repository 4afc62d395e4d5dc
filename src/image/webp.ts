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
  requireSize,
  type Size,
} from "./format.ts";
import { IdleInstances } from "./idle_instances.ts";
import { loadDecoder } from "./load_decoder.ts";
import type { ImageDataLike } from "./rgb_image.ts";

const ANIMATION_FLAG = 0x02;

/** A WebP file's header. */
interface WebpHeader extends ImageHeader {
  /** The picture, or an animation's first, within `width` x `height`. */
  readonly frame: Frame;
}

/** Lossy, lossless and extended WebP files; for an animation, its first picture. */
export const webp: ImageFormat<WebpHeader> = {
  name: "WebP",

  matches: (bytes) => hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP"),

  readHeader(bytes) {
    let canvas: Size | undefined;
    let exif: Uint8Array | undefined;
    let frame: Frame | undefined;
    let isAnimation = false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = 8 + view.getUint32(4, true);
    if (end > bytes.length) {
      throw cutShort(`it has ${bytes.length} of ${end} bytes`);
    }
    for (const chunk of chunks(bytes.subarray(12, end))) {
      const { type, data } = chunk;
      if (type === "VP8X" && data.length >= 10 && !canvas) {
        canvas = readCanvas(data);
        isAnimation = (data[0] & ANIMATION_FLAG) > 0;
      }
      if (type === "EXIF") exif ??= data;
      if (isAnimation && type === "ANMF") frame ??= readFrame(data);
      if (!isAnimation) frame ??= readPicture(chunk);
    }
    if (!frame?.width || !frame.height) {
      throw new Error("it contains no picture");
    }
    const size = canvas ?? frame;
    if (
      frame.left + frame.width > size.width ||
      frame.top + frame.height > size.height
    ) throw new Error("its first picture is larger than the animation");
    if (!isAnimation) requireSize(size, frame);
    return { width: size.width, height: size.height, exif, frame };
  },

  async loadDecoder(modules) {
    const module = await loadDecoder("webp", modules);
    return {
      async decode(_bytes, { width, height, frame }) {
        const picture = await instances.use(module, (decoder) => {
          const pixels = decoder.decode(frame.file);
          if (!pixels) throw new Error("its compressed data is damaged");
          return pixels;
        });
        requireSize(frame, picture);
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

/** A chunk of a RIFF container. */
type Chunk = ReturnType<typeof chunks> extends Generator<infer T> ? T : never;

/** A picture, alone or of an animation. */
interface Frame extends Size {
  readonly left: number;
  readonly top: number;
  /**
   * A file with this picture alone, without alpha: the decoder finds the size that stands here, and
   * no other, whatever else the file holds.
   */
  readonly file: Uint8Array<ArrayBuffer>;
}

/** A picture's chunk, if it is one. */
function readPicture({ type, chunk, data }: Chunk): Frame | undefined {
  const size = readSize(type, data);
  if (!size) return;
  const file = new Uint8Array(12 + chunk.length + chunk.length % 2);
  file.set(new TextEncoder().encode("RIFF....WEBP"));
  new DataView(file.buffer).setUint32(4, file.length - 8, true);
  file.set(chunk, 12);
  return { left: 0, top: 0, ...size, file };
}

/** Reads an ANMF chunk: where the picture is, how large, and its own chunks. */
function readFrame(data: Uint8Array): Frame {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 16) throw cutShort("its first picture is missing");
  const u24 = (at: number) => view.getUint32(at, true) & 0xffffff;
  for (const chunk of chunks(data.subarray(16))) {
    const picture = readPicture(chunk);
    if (!picture) continue;
    requireSize({ width: 1 + u24(6), height: 1 + u24(9) }, picture);
    return { ...picture, left: 2 * u24(0), top: 2 * u24(3) };
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

/** The canvas in a VP8X chunk: two 24-bit numbers after the flags. */
function readCanvas(data: Uint8Array): Size {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return {
    width: 1 + (view.getUint32(4, true) & 0xffffff),
    height: 1 + (view.getUint32(6, true) >>> 8),
  };
}

/** The size of a compressed picture, if this chunk holds one. */
function readSize(type: string, data: Uint8Array): Size | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (type === "VP8 " && data.length >= 10) {
    // After the frame tag and the start code; the upper bits are scaling hints.
    return {
      width: view.getUint16(6, true) & 0x3fff,
      height: view.getUint16(8, true) & 0x3fff,
    };
  }
  if (type === "VP8L" && data.length >= 5) {
    // Two 14-bit numbers after the signature.
    const bits = view.getUint32(1, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + (bits >>> 14 & 0x3fff) };
  }
}
