/**
 * Bundles modules for the browser, this package with them.
 *
 * `deno bundle` does it, but for one thing: browsers have no source-phase imports of WebAssembly
 * yet. An import map puts others in place of the modules that use them, which compile a file
 * beside the bundle instead. The weights that ship go there too.
 *
 *     deno task bundle:page page.ts worker.ts site
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import config from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);

/** The modules with source-phase imports. */
const wasmModules = [
  "src/backend/wasm_modules.js",
  "src/image/decoder_modules.js",
  "src/kernels/wasm_modules.js",
];

const weights = "mlnet_resnet18.npz";

const compile = `
async function compile(file) {
  const response = await fetch(new URL(file, import.meta.url));
  if (!response.ok) throw new Error(\`\${response.url}: HTTP \${response.status}\`);
  // Some servers don't know the content type that compileStreaming asks for.
  return await WebAssembly.compile(await response.arrayBuffer());
}
`;

/** Runs a command of Deno's in the project. */
async function deno(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args,
    cwd: root,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** One of those modules for the browser, and the `.wasm` files that it compiles, by name. */
async function forBrowser(
  module: URL,
): Promise<{ code: string; files: Map<string, string> }> {
  const files = new Map<string, string>();
  const code = (await Deno.readTextFile(module)).replaceAll(
    /import\.source\(\s*"([^"]+)"\s*\)/g,
    (_, specifier: string) => {
      const file = specifier.slice(specifier.lastIndexOf("/") + 1);
      files.set(file, specifier);
      return `compile("./${file}")`;
    },
  );
  return { code: code + compile, files };
}

/**
 * Bundles modules, with code splitting, and puts the package's `.wasm` files and weights beside
 * them.
 *
 * It needs read access to Deno's cache, write access to the folder and to the one for temporary
 * files, and to run `deno`.
 *
 * @param entries Modules, by URL; the modules of workers are entries too. Those of one folder
 *   become files of one folder.
 * @param folder Where the bundles go; it is made if it isn't there.
 * @throws {Error} If something isn't found or doesn't parse.
 */
export async function bundleForBrowser(
  entries: readonly URL[],
  folder: string,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await deno(["cache", "--quiet", ...wasmModules]); // For `import.meta.resolve` to find them.
  const temporary = await Deno.makeTempDir();
  try {
    const imports: Record<string, string> = {
      ...config.imports,
      [config.name]: new URL("mod.ts", root).href,
    };
    const sources = new Map<string, URL>();
    for (const [i, path] of wasmModules.entries()) {
      const module = new URL(path, root);
      const { code, files } = await forBrowser(module);
      const substitute = `${temporary}/wasm_modules_${i}.js`;
      await Deno.writeTextFile(substitute, code);
      imports[module.href] = `file://${substitute}`;
      for (const [file, specifier] of files) {
        sources.set(
          file,
          specifier.startsWith(".")
            ? new URL(specifier, module)
            : new URL(import.meta.resolve(specifier)),
        );
      }
    }
    const map = `${temporary}/import_map.json`;
    await Deno.writeTextFile(map, JSON.stringify({ imports }));
    await deno([
      ...["bundle", "--no-lock", "--quiet", "--import-map", map],
      ...["--platform", "browser", "--code-splitting", "--minify"],
      ...["--outdir", folder, ...entries.map(({ href }) => href)],
    ]);
    for (const [file, source] of sources) {
      await Deno.copyFile(source, `${folder}/${file}`);
    }
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
  await addWeights(folder);
}

/** The weights that ship, where the bundle looks for them. */
async function addWeights(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js")) continue;
    const path = `${folder}/${name}`;
    const code = await Deno.readTextFile(path);
    const inPackage = `../../weights/${weights}`;
    if (!code.includes(inPackage)) continue;
    await Deno.writeTextFile(path, code.replaceAll(inPackage, `./${weights}`));
    for (
      const [from, to] of [
        [weights, weights],
        ["LICENSE", `${weights}.LICENSE`],
      ]
    ) {
      await Deno.copyFile(new URL(`weights/${from}`, root), `${folder}/${to}`);
    }
  }
}

if (import.meta.main) {
  const entries = Deno.args.slice(0, -1), folder = Deno.args.at(-1);
  if (!folder || entries.length === 0) {
    console.error("usage: deno task bundle:page MODULE… FOLDER");
    Deno.exit(2);
  }
  await bundleForBrowser(
    entries.map((path) => pathToFileURL(resolve(path))),
    folder,
  );
}
