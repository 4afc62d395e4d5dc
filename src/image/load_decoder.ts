/**
 * Compiled decoders, from the caller or from this package.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { load } from "../runtime/wasm/load.js";

/**
 * Compiled decoders, for runtimes that can't import `.wasm` modules.
 *
 * Compile each from the npm package and file named with it.
 */
export interface DecoderModules {
  /** `@cwasm/jpeg-turbo`, `jpeg-turbo.wasm`; or this package's `src/runtime/wasm/jpeg.wasm`, with SIMD. */
  readonly jpeg?: WebAssembly.Module;
  /** `@jsquash/png`, `codec/pkg/squoosh_png_bg.wasm`. */
  readonly png?: WebAssembly.Module;
  /** `@jsquash/webp`, `codec/dec/webp_dec.wasm`. */
  readonly webp?: WebAssembly.Module;
  /** This package's `src/runtime/wasm/resize.wasm`. Without it, JavaScript resizes. */
  readonly resize?: WebAssembly.Module;
}

type DecoderName = Exclude<keyof DecoderModules, "resize">;

/** Imported modules. Deno 2.9 keeps memory for each source-phase import, even of the same module. */
const own: Partial<Record<DecoderName, Promise<WebAssembly.Module>>> = {};

/** The caller's module, else this package's. */
export async function loadDecoder(
  kind: DecoderName,
  modules: DecoderModules,
): Promise<WebAssembly.Module> {
  const given = modules[kind];
  if (given !== undefined) {
    if (given instanceof WebAssembly.Module) return given;
    throw new TypeError(
      expected(`modules.${kind}`, "a WebAssembly.Module", given),
    );
  }
  try {
    return await (own[kind] ??= load(kind));
  } catch (cause) {
    delete own[kind]; // On a web page the next try may succeed.
    const { message } = cause as Error;
    throw new Error(
      `cannot load the ${kind} decoder (${message}); if this runtime can't ` +
        `import .wasm modules, pass the compiled one as modules.${kind}`,
      { cause },
    );
  }
}
