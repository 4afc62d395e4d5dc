/**
 * The WebAssembly of `@jsquash/png` 3.1, without its glue code.
 *
 * The glue never drops its instance. After some 700 damaged files that instance runs out of stack
 * and rejects good files too. The glue also needs a global `ImageData`.
 *
 * @module
 */

import { IdleInstances } from "./idle_instances.ts";
import type { ImageDataLike } from "./rgb_image.ts";

/** The exports that we use; `squoosh_png_bg.wasm.d.ts` in the package lists all. */
interface PngCodec {
  readonly memory: WebAssembly.Memory;
  __wbindgen_malloc(size: number, align: number): number;
  __wbindgen_free(address: number, size: number, align: number): void;
  decode(address: number, length: number): number;
}

/** An instance, and the last picture that it returned. */
interface Instance {
  readonly codec: PngCodec;
  pixels?: ImageDataLike;
}

/**
 * Decodes a PNG file to RGBA8; 16-bit samples become their high byte.
 *
 * @throws {Error} If the compressed data is damaged.
 */
export async function decodePng(
  module: WebAssembly.Module,
  bytes: Uint8Array,
): Promise<ImageDataLike> {
  return await instances.use(module, (instance) => {
    const { codec } = instance;
    try {
      codec.decode(copyIn(codec, bytes), bytes.length);
    } catch (cause) {
      throw new Error("its compressed data is damaged", { cause });
    }
    const { pixels } = instance;
    instance.pixels = undefined;
    return pixels!;
  });
}

/** Starts with the two imports that 8-bit pixels need: `new ImageData` and `throw`. */
const instances = new IdleInstances(async (module): Promise<Instance> => {
  const receive = (
    address: number,
    length: number,
    width: number,
    height: number,
  ) => {
    instance.pixels = { width, height, data: takeOut(codec, address, length) };
  };
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [
    name,
    name.startsWith("__wbg_newwithownedu8clampedarray") ? receive : fail,
  ]);
  const { exports } = await WebAssembly.instantiate(module, {
    wbg: Object.fromEntries(imports),
  });
  const codec = exports as unknown as PngCodec;
  const instance: Instance = { codec };
  return instance;
}, ({ codec }) => codec.memory.buffer.byteLength);

function fail(): never {
  throw new Error("the PNG codec failed");
}

/** Copies bytes into the codec's memory; the codec frees them. */
function copyIn(codec: PngCodec, bytes: Uint8Array | Uint8ClampedArray) {
  const address = codec.__wbindgen_malloc(bytes.length, 1);
  new Uint8Array(codec.memory.buffer).set(bytes, address);
  return address;
}

/** Copies the codec's bytes out, and frees them there. */
function takeOut(codec: PngCodec, address: number, length: number) {
  const bytes = new Uint8Array(codec.memory.buffer, address, length).slice();
  codec.__wbindgen_free(address, length, 1);
  return bytes;
}
