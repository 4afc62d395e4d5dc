/**
 * libjpeg-turbo without SIMD: the WebAssembly of `@cwasm/jpeg-turbo` 0.1.3, without its glue code,
 * which reads files.
 *
 * @module
 */

import { checkedMalloc } from "../runtime/guard_malloc.ts";
import { requireSize } from "./format.ts";
import { type JpegDecoder, maxMemory } from "./jpeg_decoder.ts";

/** The TurboJPEG API, 2.0. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(address: number): void;
  tjInitDecompress(): number;
  tjDecompressHeader3(...args: number[]): number;
  tjDecompress2(...args: number[]): number;
  tjDestroy(handle: number): number;
}

const TJPF_RGB = 0;
const TJPF_CMYK = 11;

/** Starts a decoder. */
export async function start(module: WebAssembly.Module): Promise<JpegDecoder> {
  const fail = () => {
    throw new Error("its compressed data is damaged");
  };
  const instance = await WebAssembly.instantiate(module, {
    env: { setjmp: () => 0, longjmp: fail }, // Called on each error.
    wasi_snapshot_preview1: {
      environ_sizes_get: () => 0,
      environ_get: fail,
      proc_exit: fail,
      fd_close: fail,
      fd_seek: fail,
      fd_write: fail,
    },
  });
  const { memory, malloc, free, ...turbo } = instance
    .exports as unknown as Exports;
  const allocate = checkedMalloc(malloc, memory);
  let pixels = 0;
  return {
    memory,
    allocate,
    release: free,
    open(bytes, header, denominator) {
      const { components, isArithmetic, scans } = header;
      if (isArithmetic) {
        throw new Error("this decoder has no arithmetic coding");
      }
      const width = Math.ceil(header.width / denominator);
      const height = Math.ceil(header.height / denominator);
      const isCmyk = components === 4;
      const channels = isCmyk ? 4 : 3;
      const size = width * height * channels + 16;
      const coefficients = 2 * components * header.width * header.height;
      if (bytes.length + size + (scans > 1 ? coefficients : 0) > maxMemory) {
        throw new Error("it needs too much memory");
      }
      const file = allocate(bytes.length);
      new Uint8Array(memory.buffer, file).set(bytes);
      const handle = turbo.tjInitDecompress();
      const found = allocate(16); // Width, height, subsampling, colour space.
      turbo.tjDecompressHeader3(
        ...[handle, file, bytes.length],
        ...[found, found + 4, found + 8, found + 12],
      );
      const [foundWidth, foundHeight] = new Int32Array(memory.buffer, found, 2);
      requireSize(header, { width: foundWidth, height: foundHeight });
      free(found);
      pixels = allocate(size);
      // Its result doesn't tell warnings from errors, which end in `fail`.
      turbo.tjDecompress2(
        ...[handle, file, bytes.length, pixels, width, width * channels],
        ...[height, isCmyk ? TJPF_CMYK : TJPF_RGB, 0],
      );
      turbo.tjDestroy(handle);
      free(file);
      if (isCmyk) {
        cmykToRgb(new Uint8Array(memory.buffer, pixels, 4 * width * height));
      }
      let row = 0;
      return {
        width,
        height,
        start({ top }) {
          row = top;
          return { left: 0, columns: width };
        },
        read(count) {
          const address = pixels + 3 * width * row;
          row += count;
          return address;
        },
      };
    },
    close: () => free(pixels),
  };
}

/** PIL's `convert("RGB")` in place; it takes every CMYK file for inverted, as Adobe's are. */
function cmykToRgb(pixels: Uint8Array): void {
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    const white = pixels[from + 3];
    for (let i = 0; i < 3; i++) {
      const product = (255 - pixels[from + i]) * white + 128;
      const ink = (product >> 8) + product >> 8;
      pixels[to + i] = Math.max(0, white - ink);
    }
  }
}
