/**
 * `deno bundle`, plus source-phase imports of WebAssembly, which it doesn't support.
 *
 * An import map replaces the modules that use them by modules that compile a file beside the bundle.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);

/** The modules with source-phase imports. */
const wasmModules = [
  "src/runtime/wasm/tfjs.js",
  "src/runtime/wasm/decoders.js",
  "src/runtime/wasm/kernels.js",
];

/** Runs a Deno command in the project. */
async function deno(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args,
    cwd: root,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Whether a file exists; of a clone's files only the build of `build:jpeg` may be missing. */
async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

/**
 * Bundles, and puts the package's `.wasm` files beside the bundle.
 *
 * Needs read access to Deno's cache, write access to the folder and to the temporary folder, and
 * permission to run `deno`.
 *
 * @param args More arguments of `deno bundle`: entries, and where the bundle goes.
 * @param folder The bundle's folder, created if it doesn't exist.
 * @param compile JavaScript that defines `compile(file)`, a promise of a `WebAssembly.Module`.
 * @throws {Error} If a file is missing or doesn't parse.
 */
export async function bundle(
  args: readonly string[],
  folder: string,
  compile: string,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await deno(["cache", "--quiet", ...wasmModules]); // So that `import.meta.resolve` finds them.
  const temporary = await Deno.makeTempDir();
  try {
    const imports: Record<string, string> = {
      ...config.imports,
      ...Object.fromEntries(
        Object.entries(config.exports).map(([name, path]) => [
          config.name + name.slice(1),
          new URL(path, root).href,
        ]),
      ),
    };
    const files = new Map<string, URL>();
    for (const [i, path] of wasmModules.entries()) {
      const module = new URL(path, root);
      const substitute = `${temporary}/wasm_modules_${i}.js`;
      const code = (await Deno.readTextFile(module)).replaceAll(
        /import\.source\(\s*"([^"]+)"\s*\)/g,
        (_, specifier: string) => {
          const file = specifier.slice(specifier.lastIndexOf("/") + 1);
          if (files.has(file)) throw new Error(`there are two ${file}`);
          const url = specifier.startsWith(".")
            ? new URL(specifier, module)
            : new URL(import.meta.resolve(specifier));
          files.set(file, url);
          return `compile("./${file}")`;
        },
      );
      await Deno.writeTextFile(substitute, code + compile);
      imports[module.href] = `file://${substitute}`;
    }
    const map = `${temporary}/import_map.json`;
    await Deno.writeTextFile(map, JSON.stringify({ imports }));
    await deno([
      ...["bundle", "--no-lock", "--quiet", "--minify", "--import-map", map],
      ...args,
    ]);
    for (const [file, url] of files) {
      if (file === "jpeg.wasm" && !await exists(url)) continue;
      await Deno.copyFile(url, `${folder}/${file}`);
    }
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}
