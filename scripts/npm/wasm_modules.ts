/**
 * WebAssembly that loads without source-phase imports, which only Deno has.
 *
 * @module
 */

import { type Files, put, text } from "./files.ts";

/** Whether a file is one of the modules that import `.wasm` files. */
export function isWasmModules(name: string): boolean {
  return /\/runtime\/wasm\/\w+\.js$/.test(name);
}

/** workerd has no threads and no shared memory, but always has SIMD. */
const unusedInWorkers = /shared|threaded|tfjs-backend-wasm\.wasm$/;

/** What stands for a module that this package lacks. */
function absent(name: string): string {
  return `{ throw new Error("${name} isn't in this package"); }`;
}

/** The path of a `.wasm` file beside the module that imports it. */
function besideModule(specifier: string): string {
  return `./${specifier.slice(specifier.lastIndexOf("/") + 1)}`;
}

/**
 * Writes a sibling of such a module for every kind of runtime, and puts the `.wasm` files of other
 * packages beside it, since bundlers don't follow URLs into dependencies.
 *
 * @returns The entry of `imports` in `package.json` that chooses between the siblings.
 */
export async function splitByRuntime(
  files: Files,
  module: string,
): Promise<Record<string, string>> {
  const stem = module.replace(/\.js$/, "");
  const folder = module.slice(0, module.lastIndexOf("/") + 1);
  const source = text(files, module);
  const found = [...source.matchAll(
    /export const (\w+) = \(\) =>\s*import\.source\(\s*"([^"]+)"\s*\);/g,
  )].map(([, name, specifier]) => ({
    name,
    specifier,
    file: besideModule(specifier),
  }));
  const count = source.split("import.source").length - 1;
  if (found.length !== count || count === 0) {
    throw new Error(
      `${module}: ${found.length} of ${count} modules understood`,
    );
  }
  for (const { specifier, file } of found) {
    if (specifier === file) continue; // Of the package itself.
    const url = new URL(import.meta.resolve(specifier));
    files.set(folder + file.slice("./".length), await Deno.readFile(url));
  }
  const code = (load: (imported: typeof found[number]) => string) =>
    found.map((imported) => {
      const isThere = files.has(folder + imported.file.slice("./".length));
      return `export const ${imported.name} = async () => ${
        isThere ? load(imported) : absent(imported.name)
      };\n`;
    }).join("");
  const up = "../".repeat(folder.split("/").length - 1);
  const siblings = {
    deno: source,
    workerd: code(({ name, specifier, file }) =>
      unusedInWorkers.test(specifier)
        ? absent(name)
        : `(await import("${file}")).default`
    ),
    default: `import { compile } from "${up}npm/compile.js";\n\n` +
      code(({ file }) => `await compile(new URL("${file}", import.meta.url))`),
  };
  for (const [kind, content] of Object.entries(siblings)) {
    put(files, `${stem}.${kind}.js`, content);
  }
  put(files, module, `export * from "#${stem}";\n`);
  return Object.fromEntries(
    Object.keys(siblings).map((kind) => [kind, `./${stem}.${kind}.js`]),
  );
}
