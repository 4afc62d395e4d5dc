/**
 * Makes the npm package for Node, bundlers and Workers.
 *
 *     deno task npm [folder]
 *
 * Writes `layertap-resnet-<version>.tgz` to the folder (default: `out/npm`) and prints its path.
 *
 * `deno pack` transpiles, and writes declarations and `package.json`. This script adds exact
 * versions from `deno.json`, the command, syntax for Node 20, and WebAssembly for every runtime.
 * Conditions in `package.json` choose how WebAssembly loads: `deno` as in the sources,
 * `workerd` by importing `.wasm` as modules, all others by `new URL(…, import.meta.url)`, which
 * bundlers follow. For pages without a bundler, `dist/` has the package in bundles.
 *
 * @module
 */

import { createTarGzip, parseTarGzip } from "nanotar";
import config from "../deno.json" with { type: "json" };
import { bundleForBrowser } from "./bundle_browser.ts";
import { licences, licencesFile, packageOf } from "./licences.ts";
import { type Files, put, replace, text } from "./npm/files.ts";
import { lower } from "./npm/lower.ts";
import { isForDeno, splitByRuntime } from "./npm/wasm_modules.ts";
import { wasmFiles } from "./wasm_files.ts";

const root = new URL("../", import.meta.url);

/** Sources of the files that the package has in addition to those of `deno pack`, by path. */
const additions: Readonly<Record<string, URL>> = {
  "npm/layertap.js": new URL("scripts/npm/layertap.js", root),
};

/** The files that `deno pack` makes. */
async function pack(): Promise<Files> {
  const path = await Deno.makeTempFile({ suffix: ".tgz" });
  try {
    const { success, stderr } = await new Deno.Command("deno", {
      args: ["pack", "--allow-dirty", "--no-source-maps", "--output", path],
      cwd: root,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const items = await parseTarGzip(await Deno.readFile(path));
    return new Map(
      // An empty file has no data.
      items.map(({ name, data = new Uint8Array() }) => [
        name.replace(/^package\//, ""),
        data,
      ]),
    );
  } finally {
    await Deno.remove(path);
  }
}

/** Replaces the ranges of `deno pack` by the versions in `deno.json`. */
function exactVersions(
  dependencies: Record<string, string>,
): Record<string, string> {
  const versions = new Map(
    Object.values(config.imports).map((specifier) => {
      const [, name, version] = /^npm:\/?(@?[^@]+)@([\d.]+)/.exec(specifier)!;
      return [name, version];
    }),
  );
  return Object.fromEntries(
    Object.keys(dependencies).map((name) => {
      const version = versions.get(name);
      if (!version) throw new Error(`deno.json has no version of ${name}`);
      return [name, version];
    }),
  );
}

/** What a plain page loads from a CDN: the package in bundles, with its `.wasm` files beside them. */
async function addBundles(files: Files): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const entries = ["layertap", "maps"]
      .map((name) => new URL(`npm/page/${name}.ts`, import.meta.url));
    await bundleForBrowser(entries, folder, "../weights/");
    for await (const { name } of Deno.readDir(folder)) {
      files.set(`dist/${name}`, await Deno.readFile(`${folder}/${name}`));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The package's files. */
async function build(): Promise<Files> {
  const files = await pack();
  // Node 20 warns about JSON imports.
  replace(
    files,
    "src/cli/mod.js",
    /import config from "\.\.\/\.\.\/deno\.json" with \{[^}]*\};/,
    `const config = ${JSON.stringify({ version: config.version })};`,
  );
  // `deno pack` does this in TypeScript only.
  replace(files, "src/kernels/kernel_worker.js", /_loop\.ts/, "_loop.js");
  const scripts = [...files.keys()].filter((name) => name.endsWith(".js"));
  await lower(files, scripts.filter((name) => !isForDeno(name)));
  const imports = await splitByRuntime(files);
  // For TypeScript with libraries older than `using`.
  for (const [name, file] of files) {
    const declarations = new TextDecoder().decode(file);
    if (!name.endsWith(".d.ts") || !/Disposable\b/.test(declarations)) continue;
    const reference = '/// <reference lib="esnext.disposable" />\n';
    put(files, name, reference + declarations);
  }
  const wasm = (await wasmFiles())
    .filter(({ file }) => files.has(`src/runtime/wasm/${file}`));
  const parts = await Promise.all(wasm.map(({ url }) => packageOf(url)));
  put(
    files,
    licencesFile,
    await licences(
      parts.filter((part) => part !== undefined),
      files.has("src/runtime/wasm/jpeg.wasm"),
    ),
  );
  for (const [name, url] of Object.entries(additions)) {
    files.set(name, await Deno.readFile(url));
  }
  if (!files.has("src/runtime/wasm/jpeg.wasm")) {
    console.warn("without the fast JPEG decoder: run deno task build:jpeg");
  }
  if (!files.has("src/runtime/wasm/bytes/tfjsSimd.js")) {
    console.warn("not for Deno before 2.6: run deno task build:bytes");
  }
  await addBundles(files);
  const manifest = JSON.parse(text(files, "package.json"));
  const added = {
    description: "The features of any layer of any torchvision ResNet",
    sideEffects: ["./src/runtime/dispose.js", "./src/kernels/kernel_worker.js"],
    engines: { node: "^20.16.0 || >=22.3.0" },
    bin: { layertap: "./npm/layertap.js" },
    keywords: [
      "resnet",
      "features",
      "torchvision",
      "tensorflow",
      "webassembly",
    ],
    // TypeScript's "node10" reads no `exports`.
    typesVersions: {
      "*": Object.fromEntries(
        Object.entries(config.exports).filter(([name]) => name !== ".").map(
          ([name, path]) => [name.slice(2), [path.replace(/ts$/, "d.ts")]],
        ),
      ),
    },
    imports,
    dependencies: exactVersions(manifest.dependencies),
  };
  put(
    files,
    "package.json",
    JSON.stringify({ ...manifest, ...added }, null, 2),
  );
  return files;
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? "out/npm";
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/layertap-resnet-${config.version}.tgz`;
  const files = [...await build()]
    .map(([name, data]) => ({ name: `package/${name}`, data }));
  const attrs = { mtime: 0, uid: 0, gid: 0, mode: "644" };
  await Deno.writeFile(path, await createTarGzip(files, { attrs }));
  console.log(path);
}
