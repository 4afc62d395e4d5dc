/**
 * The WebAssembly of `@jsquash/png` 3.1, started here and not by its own glue code.
 *
 * The glue keeps one instance for good. After some 700 damaged files that instance is out of stack
 * and refuses good ones too; and it wants a global `ImageData`.
 *
 * @module
 */

import type { ImageDataLike } from "./image.ts";

/** What is used of the module's exports; `squoosh_png_bg.wasm.d.ts` in the package has them all. */
interface PngCodec {
  readonly memory: WebAssembly.Memory;
  __wbindgen_malloc(size: number, align: number): number;
  __wbindgen_add_to_stack_pointer(change: number): number;
  decode(address: number, length: number): number;
  encode(
    result: number,
    address: number,
    length: number,
    width: number,
    height: number,
    bitDepth: number,
  ): void;
}

/** Called with the address and length of decoded RGBA8 pixels. */
type Receive = (
  address: number,
  length: number,
  width: number,
  height: number,
) => void;

/**
 * Decodes a PNG file to RGBA8; 16-bit samples give their high byte.
 *
 * @throws {Error} If the compressed data are damaged.
 */
export async function decodePng(
  module: WebAssembly.Module,
  bytes: Uint8Array,
): Promise<ImageDataLike> {
  let pixels: ImageDataLike | undefined;
  const codec = await start(module, (address, length, width, height) => {
    const data = new Uint8Array(codec.memory.buffer, address, length);
    pixels = { width, height, data };
  });
  try {
    codec.decode(copyIn(codec, bytes), bytes.length);
  } catch (cause) {
    throw new Error("its compressed data are damaged", { cause });
  }
  return pixels!;
}

/** Encodes RGBA8 pixels as a PNG file. */
export async function encodeRgba(
  module: WebAssembly.Module,
  { width, height, data }: ImageDataLike,
): Promise<Uint8Array<ArrayBuffer>> {
  const codec = await start(module);
  const result = codec.__wbindgen_add_to_stack_pointer(-16);
  codec.encode(result, copyIn(codec, data), data.length, width, height, 8);
  const [address, length] = new Uint32Array(codec.memory.buffer, result, 2);
  return new Uint8Array(codec.memory.buffer, address, length).slice();
}

/** A new instance, with the two imports that 8-bit pixels need: `new ImageData` and `throw`. */
async function start(
  module: WebAssembly.Module,
  receive: Receive = fail,
): Promise<PngCodec> {
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [
    name,
    name.startsWith("__wbg_newwithownedu8clampedarray") ? receive : fail,
  ]);
  const { exports } = await WebAssembly.instantiate(module, {
    wbg: Object.fromEntries(imports),
  });
  return exports as unknown as PngCodec;
}

function fail(): never {
  throw new Error("the PNG codec gave up");
}

/** Copies bytes into the codec's memory, which then owns them. */
function copyIn(codec: PngCodec, bytes: Uint8Array | Uint8ClampedArray) {
  const address = codec.__wbindgen_malloc(bytes.length, 1);
  new Uint8Array(codec.memory.buffer).set(bytes, address);
  return address;
}
