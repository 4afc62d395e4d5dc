/**
 * JPEG: libjpeg-turbo, the same picture from either of two builds.
 *
 * @module
 */

import { crops } from "./crops.ts";
import { type Draft, draftDenominator } from "./draft.ts";
import { type Decoder, hasText, type ImageFormat } from "./format.ts";
import { IdleInstances } from "./idle_instances.ts";
import type { JpegDecoder } from "./jpeg_decoder.ts";
import { type JpegHeader, readJpegHeader } from "./jpeg_header.ts";
import { type DecoderModules, loadDecoder } from "./load_decoder.ts";
import {
  loadResize,
  type Passes,
  resizeRows,
  startResize,
} from "./resize_simd.ts";
import { load } from "../runtime/wasm/load.js";
import { partOf, readPixels, type RowReader } from "./rows.ts";

/** Baseline, progressive and arithmetic-coded JPEG files: grey, YCbCr, RGB, CMYK and YCCK. */
export const jpeg: ImageFormat<JpegHeader> = {
  name: "JPEG",

  matches: (bytes) => hasText(bytes, 0, "\xff\xd8\xff"),

  readHeader: readJpegHeader,

  async loadDecoder(modules) {
    const [module, resize] = await Promise.all([
      loadJpeg(modules),
      loadResize(modules.resize),
    ]);
    const decoder: Decoder<JpegHeader> = {
      decode: (bytes, header, draft) =>
        read(
          module,
          bytes,
          header,
          draft,
          (reader, { decoder }) => readPixels(decoder, reader),
        ),
    };
    if (resize) {
      decoder.crop = (bytes, header, preset, { region, crop }, draft) =>
        read(module, bytes, header, draft, (whole, started) => {
          started.passes ??= startResize(resize, started.decoder.memory);
          const { decoder, passes } = started;
          const reader = region ? partOf(whole, region) : whole;
          const [image] = crops(
            reader,
            preset,
            crop,
            (plan) => resizeRows(decoder, passes, reader, plan),
          );
          return image;
        });
    }
    return decoder;
  },
};

/** A decoder, and the resize in its memory. */
interface Started {
  readonly decoder: JpegDecoder;
  passes?: Passes;
}

const instances = new IdleInstances<Started>(
  async (module) => {
    const { start } = isSimd(module)
      ? await import("./jpeg_simd.ts")
      : await import("./jpeg_plain.ts");
    return { decoder: await start(module) };
  },
  ({ decoder }) => decoder.memory.buffer.byteLength,
);

/** Reads a picture on a decoder that nothing else uses meanwhile. */
function read<R>(
  module: WebAssembly.Module,
  bytes: Uint8Array,
  header: JpegHeader,
  draft: Draft | undefined,
  work: (reader: RowReader, started: Started) => R,
): Promise<R> {
  return instances.use(module, (started) => {
    const denominator = draft ? draftDenominator(header, draft) : 1;
    const reader = started.decoder.open(bytes, header, denominator);
    const result = work(reader, started);
    started.decoder.close();
    return result;
  });
}

/** Whether a module is this package's own build. */
function isSimd(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.exports(module).some(({ name }) =>
    name === "begin"
  );
}

/** The caller's module, else this package's own build, else the one from npm. */
async function loadJpeg(modules: DecoderModules): Promise<WebAssembly.Module> {
  if (modules.jpeg === undefined) {
    const own = await (ownBuild ??= load("jpegSimd").catch(() => {}));
    if (own) return own;
  }
  return await loadDecoder("jpeg", modules);
}

/** Not there in a clone that hasn't built it, nor on engines without SIMD. */
let ownBuild: Promise<WebAssembly.Module | void> | undefined;

/**
 * Which build of libjpeg-turbo decodes JPEG files: `"simd"`, the one that the package carries, or
 * `"plain"`, from npm, on engines without SIMD and in a clone without `deno task build:jpeg`.
 * Pixels are the same, unfinished progressive files aside. `"plain"` takes about twice as long and
 * has no arithmetic coding.
 *
 * @param modules The compiled decoders that `decodeImage` gets, if any.
 * @throws {Error} If this runtime can load neither.
 *
 * @example What decodes here
 * ```ts
 * import { jpegDecoder } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * assert(["simd", "plain"].includes(await jpegDecoder()));
 * ```
 */
export async function jpegDecoder(
  modules: DecoderModules = {},
): Promise<"simd" | "plain"> {
  return isSimd(await loadJpeg(modules)) ? "simd" : "plain";
}
