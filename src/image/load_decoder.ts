/**
 * Where the compiled decoders come from: the caller, or the package itself.
 *
 * @module
 */

/**
 * Compiled decoders, for runtimes that can't import `.wasm` modules by themselves.
 *
 * Each is made from a file of the npm package that is named with it.
 */
export interface DecoderModules {
  /** `@jsquash/jpeg`, `codec/dec/mozjpeg_dec.wasm`. */
  readonly jpeg?: WebAssembly.Module;
  /** `@jsquash/png`, `codec/pkg/squoosh_png_bg.wasm`. */
  readonly png?: WebAssembly.Module;
  /** `@jsquash/webp`, `codec/dec/webp_dec.wasm`. */
  readonly webp?: WebAssembly.Module;
}

/** What was imported: Deno 2.9 keeps some memory for each source-phase import, even of the same. */
const own: Partial<Record<keyof DecoderModules, Promise<WebAssembly.Module>>> =
  {};

async function importDecoder(
  kind: keyof DecoderModules,
): Promise<WebAssembly.Module> {
  const modules = await import("../runtime/wasm/decoders.js");
  return await modules[kind]();
}

/** The module that was handed over, else the one that this package imports. */
export async function loadDecoder(
  kind: keyof DecoderModules,
  modules: DecoderModules,
): Promise<WebAssembly.Module> {
  const given = modules[kind];
  if (given !== undefined) {
    if (given instanceof WebAssembly.Module) return given;
    throw new TypeError(
      `modules.${kind}: must be a WebAssembly.Module, not ${typeof given}`,
    );
  }
  try {
    return await (own[kind] ??= importDecoder(kind));
  } catch (cause) {
    delete own[kind]; // On a web page it may be there the next time.
    throw new Error(
      `cannot load the ${kind} decoder: where .wasm modules can't be imported, ` +
        `hand the compiled one over as modules.${kind}`,
      { cause },
    );
  }
}
