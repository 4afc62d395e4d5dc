/**
 * `deno bundle`, plus source-phase imports of WebAssembly, which it doesn't support.
 *
 * An import map replaces the module that uses them by one that compiles a file beside the bundle.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import config from "../deno.json" with { type: "json" };
import { licences, licencesFile, packageOf, type Part } from "./licences.ts";
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
 * Bundles, and puts the package's `.wasm` files beside the bundle, and the licences of all that was
 * bundled.
 *
 * Needs read access to Deno's cache, write access to the folder and to the temporary folder, and
 * permission to run `deno`.
 *
 * @param args More arguments of `deno bundle`: entries, and where the bundle goes.
 * @param folder The bundle's folder, created if it doesn't exist.
 * @param others What else is put beside the bundle, and needs its licence there.
 * @throws {Error} If a file is missing or doesn't parse, or a package has no licence.
 */
export async function bundle(
  args: readonly string[],
  folder: string,
  others: readonly Part[] = [],
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
      ...["--sourcemap", "external", ...args],
    ]);
    const sources = await takeSources(folder);
    sources.delete(`file://${await Deno.realPath(substitute)}`);
    let withJpeg = false;
    for (const { file, url } of files) {
      if (!await exists(url)) continue;
      await Deno.copyFile(url, `${folder}/${file}`);
      sources.add(url.href);
      withJpeg ||= file === "jpeg.wasm";
    }
    const parts = [...others];
    for (const source of sources) {
      const part = await packageOf(new URL(source));
      if (part) parts.push(part);
    }
    await Deno.writeTextFile(
      `${folder}/${licencesFile}`,
      await licences(parts, withJpeg),
    );
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** Reads which files are in the bundles of a folder, as URLs, and removes their source maps. */
async function takeSources(folder: string): Promise<Set<string>> {
  const base = pathToFileURL(`${await Deno.realPath(folder)}/`);
  const found = new Set<string>();
  for (const { name } of await Array.fromAsync(Deno.readDir(folder))) {
    if (!name.endsWith(".js.map")) continue;
    const path = `${folder}/${name}`;
    const { sources } = JSON.parse(await Deno.readTextFile(path));
    for (const source of sources) found.add(new URL(source, base).href);
    await Deno.remove(path);
  }
  if (found.size === 0) throw new Error(`${folder}: no source maps`);
  return found;
}
