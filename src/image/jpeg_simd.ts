/**
 * This package's own build of libjpeg-turbo, with SIMD: `scripts/jpeg/decoder.c`.
 *
 * @module
 */

import { checkedMalloc } from "../runtime/guard_malloc.ts";
import { requireSize } from "./format.ts";
import type { JpegDecoder } from "./jpeg_decoder.ts";
import { maxScans } from "./jpeg_header.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  allocate(bytes: number): number;
  release(address: number): void;
  fields(): number;
  begin(bytes: number, length: number, maxScans: number): void;
  scale(denominator: number): void;
  window(left: number, columns: number, top: number): void;
  decode(rows: number): number;
  finish(): void;
}

/** The words of `state` in decoder.c. */
const fieldNames = [
  ...["width", "height", "components", "progressive"],
  ...["scaledWidth", "scaledHeight", "left", "columns"],
  ...["warnings", "rows", "message"],
] as const;

/** Starts a decoder. */
export async function start(module: WebAssembly.Module): Promise<JpegDecoder> {
  const instance = await WebAssembly.instantiate(module);
  const wasm = instance.exports as unknown as Exports;
  wasm._initialize();
  const { memory } = wasm;
  const state = wasm.fields();
  const field = (name: typeof fieldNames[number]) =>
    new Int32Array(memory.buffer, state)[fieldNames.indexOf(name)];

  /** An error leaves its words in the memory and traps. */
  const attempt = <R>(work: () => R): R => {
    try {
      return work();
    } catch (cause) {
      const text = new Uint8Array(memory.buffer, field("message"));
      const words = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
      throw new Error(words || "its compressed data is damaged", { cause });
    }
  };

  const allocate = checkedMalloc(
    (bytes) => attempt(() => wasm.allocate(bytes)),
    memory,
  );
  let file = 0;
  return {
    memory,
    allocate,
    release: (address) => wasm.release(address),
    open(bytes, header, denominator) {
      file = allocate(bytes.length);
      new Uint8Array(memory.buffer, file).set(bytes);
      attempt(() => wasm.begin(file, bytes.length, maxScans));
      requireSize(header, { width: field("width"), height: field("height") });
      attempt(() => wasm.scale(denominator));
      return {
        width: field("scaledWidth"),
        height: field("scaledHeight"),
        start({ left, top, width }) {
          attempt(() => wasm.window(left, width, top));
          return { left: field("left"), columns: field("columns") };
        },
        read(count) {
          attempt(() => wasm.decode(count));
          return field("rows");
        },
      };
    },
    close() {
      wasm.finish();
      wasm.release(file);
    },
  };
}
