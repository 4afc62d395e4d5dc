/**
 * Writes the WebAssembly of our own kernels, `src/runtime/wasm/*.wasm`.
 *
 * ```sh
 * deno run --allow-write=src/runtime/wasm scripts/build_kernels.ts
 * ```
 *
 * The network's kernels in four builds of one source: with or without relaxed SIMD, for shared or
 * unshared memory; and the resize. None has a data segment, since the memory isn't theirs.
 *
 * @module
 */

import { type Arithmetic, plain, relaxed } from "./kernels/arithmetic.ts";
import { ModuleBuilder } from "./kernels/assembler.ts";
import { defineConvolution } from "./kernels/convolution.ts";
import { defineConversions } from "./kernels/dtypes.ts";
import { defineElementwise } from "./kernels/elementwise.ts";
import { definePanels } from "./kernels/panels.ts";
import { resizeModule } from "./kernels/resize.ts";
import { defineWinograd } from "./kernels/winograd.ts";

/** The files, by name. */
export function buildKernels(): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, arithmetic] of Object.entries({ relaxed, plain })) {
    const module = moduleOf(arithmetic);
    files.set(`${name}.wasm`, module.encode(false));
    files.set(`${name}_shared.wasm`, module.encode(true));
  }
  files.set("resize.wasm", resizeModule().encode(false));
  return files;
}

function moduleOf(arithmetic: Arithmetic): ModuleBuilder {
  const module = new ModuleBuilder();
  const conversions = defineConversions(module);
  defineConvolution(module, arithmetic, conversions.decode);
  defineWinograd(module, arithmetic, conversions.decode);
  defineElementwise(module, arithmetic);
  definePanels(module, conversions);
  return module;
}

/** Hashes of the files, as `sha256sum -c` reads them. */
export async function checksums(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<string> {
  const lines = await Promise.all(
    [...files].map(async ([name, bytes]) => {
      const hash = await crypto.subtle.digest("SHA-256", bytes);
      return `${new Uint8Array(hash).toHex()}  ${name}\n`;
    }),
  );
  return lines.join("");
}

if (import.meta.main) {
  const folder = new URL("../src/runtime/wasm/", import.meta.url);
  const files = buildKernels();
  for (const [name, bytes] of files) {
    await Deno.writeFile(new URL(name, folder), bytes);
  }
  await Deno.writeTextFile(
    new URL("SHA256SUMS", folder),
    await checksums(files),
  );
}
