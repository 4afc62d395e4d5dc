/**
 * `deno bundle`, plus source-phase imports of WebAssembly, which it doesn't support.
 *
 * An import map replaces the module that uses them by one that compiles a file beside the bundle.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { exists, wasmFiles, wasmFolder } from "./wasm_files.ts";

const root = new URL("../", import.meta.url);

/** Runs a Deno command in the project. */
export async function deno(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args,
    cwd: root,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/**
 * Bundles, and puts the package's `.wasm` files beside the bundle.
 *
 * Needs read access to Deno's cache, write access to the folder and to the temporary folder, and
 * permission to run `deno`.
 *
 * @param args More arguments of `deno bundle`: entries, and where the bundle goes.
 * @param folder The bundle's folder, created if it doesn't exist.
 * @throws {Error} If a file is missing or doesn't parse.
 */
export async function bundle(
  args: readonly string[],
  folder: string,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const files = await wasmFiles();
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
    const substitute = `${temporary}/load.js`;
    const ways = files.map(({ name, file }) =>
      `${name}: () => new URL("./${file}", import.meta.url),\n`
    );
    await Deno.writeTextFile(
      substitute,
      `import { compileBeside } from "${new URL("../beside.ts", wasmFolder)}";
       const ways = {\n${ways.join("")}};
       export const load = (name) => compileBeside(ways[name]);`,
    );
    imports[new URL("load.js", wasmFolder).href] = `file://${substitute}`;
    const map = `${temporary}/import_map.json`;
    await Deno.writeTextFile(map, JSON.stringify({ imports }));
    await deno([
      ...["bundle", "--no-lock", "--quiet", "--minify", "--import-map", map],
      ...args,
    ]);
    for (const { file, url } of files) {
      if (await exists(url)) await Deno.copyFile(url, `${folder}/${file}`);
    }
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}
