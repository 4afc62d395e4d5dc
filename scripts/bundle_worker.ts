/**
 * Makes one archive that runs the command line where there is neither network nor cache:
 * `deno task bundle [file.tar.gz]`.
 *
 *     layertap              starts it: ./layertap worker --layer avgpool
 *     deno                  the runtime that runs this script, from its npm package
 *     lib/code/layertap.js  the code and its packages, one file
 *     lib/code/*.wasm       kernels and decoders
 *     weights/              the weights that ship, where the code looks for them
 *
 * @module
 */

import { createTarGzip, type TarFileInput } from "nanotar";
import config from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);

/** The modules with source-phase imports of WebAssembly, which `deno bundle` doesn't know. */
const wasmModules = [
  "src/backend/wasm_modules.js",
  "src/image/decoder_modules.js",
  "src/kernels/wasm_modules.js",
];

const compile = `
const compile = async (file) =>
  await WebAssembly.compile(await Deno.readFile(new URL(file, import.meta.url)));
`;

const start = `#!/bin/sh
# Starts the command line that stands beside this file.
here=$(dirname "$0")
export DENO_DIR="\${DENO_DIR:-$here/cache}" DENO_NO_UPDATE_CHECK=1
exec "$here/deno" run --no-prompt --no-config --cached-only --no-code-cache \\
  --allow-read --allow-write \\
  --allow-env=LAYERTAP_CACHE,LAYERTAP_WEIGHTS,TORCH_HOME,XDG_CACHE_HOME,HOME \\
  "$here/lib/code/layertap.js" "$@"
`;

/** The code in one file, and the `.wasm` files that it compiles, by name. */
async function bundle(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const folder = await Deno.makeTempDir();
  try {
    const imports: Record<string, string> = { ...config.imports };
    for (const [i, path] of wasmModules.entries()) {
      const module = new URL(path, root);
      const source = await Deno.readTextFile(module);
      const specifiers = new Map<string, string>();
      const code = source.replaceAll(
        /import\.source\(\s*"([^"]+)"\s*\)/g,
        (_, specifier: string) => {
          const file = specifier.slice(specifier.lastIndexOf("/") + 1);
          // Two may be called plain.wasm.
          specifiers.set(`${i}_${file}`, specifier);
          return `compile("./${i}_${file}")`;
        },
      );
      for (const [file, specifier] of specifiers) {
        const url = specifier.startsWith(".")
          ? new URL(specifier, module)
          : new URL(import.meta.resolve(specifier));
        files.set(file, await Deno.readFile(url));
      }
      await Deno.writeTextFile(`${folder}/${i}.js`, code + compile);
      imports[module.href] = `file://${folder}/${i}.js`;
    }
    await Deno.writeTextFile(
      `${folder}/import_map.json`,
      JSON.stringify({ imports }),
    );
    const { success, stderr } = await new Deno.Command("deno", {
      args: [
        ...["bundle", "--quiet", "--no-lock", "--minify"],
        ...["--import-map", `${folder}/import_map.json`],
        ...["--output", `${folder}/layertap.js`, "scripts/bundle_entry.ts"],
      ],
      cwd: root,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    files.set("layertap.js", await Deno.readFile(`${folder}/layertap.js`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return files;
}

/** The archive's files. */
async function contents(): Promise<TarFileInput[]> {
  const executable = { mode: "755" };
  const code = [...await bundle()];
  const weights = ["mlnet_resnet18.npz", "LICENSE", "README.md"];
  return [
    { name: "layertap", data: start, attrs: executable },
    {
      name: "deno",
      data: await Deno.readFile(Deno.execPath()),
      attrs: executable,
    },
    // Two folders deep, as src/weights/ is, which looks for ../../weights/.
    ...code.map(([name, data]) => ({ name: `lib/code/${name}`, data })),
    ...await Promise.all(weights.map(async (name) => ({
      name: `weights/${name}`,
      data: await Deno.readFile(new URL(`weights/${name}`, root)),
    }))),
    { name: "LICENSE", data: await Deno.readFile(new URL("LICENSE", root)) },
  ];
}

const path = Deno.args[0] ?? "out/layertap-worker.tar.gz";
if (path.includes("/")) {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
}
const files = await contents();
const attrs = { mtime: 0, uid: 0, gid: 0, mode: "644" };
const archive = await createTarGzip(files, { attrs });
await Deno.writeFile(path, archive);
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
for (const { name, data } of files) {
  const bytes = typeof data === "string" ? data.length : data!.byteLength;
  console.log(`${megabytes(bytes).padStart(8)}  ${name}`);
}
console.log(`${megabytes(archive.length)}  ${path}`);
