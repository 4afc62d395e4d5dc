/**
 * Makes an archive that runs the command line without a network or a cache:
 * `deno task bundle [file.tar.gz]`.
 *
 *     layertap              the command: ./layertap worker --layer avgpool
 *     deno                  the runtime that runs this script, from its npm package
 *     lib/code/layertap.js  the code and its packages in one file
 *     lib/code/*.wasm       kernels and decoders
 *     lib/code/LICENSES.txt licences of the packages in it, and of Deno
 *     weights/              the included weights, where the code looks for them
 *
 * @module
 */

import { createTarGzip, type TarFileInput } from "nanotar";
import { bundle } from "./bundle.ts";

const root = new URL("../", import.meta.url);

const start = `#!/bin/sh
# Starts the command line beside this file.
here=$(dirname "$0")
export DENO_DIR="\${DENO_DIR:-$here/cache}" DENO_NO_UPDATE_CHECK=1
exec "$here/deno" run --no-prompt --no-config --cached-only --no-code-cache \\
  --allow-read --allow-write \\
  --allow-env=LAYERTAP_CACHE,LAYERTAP_WEIGHTS,TORCH_HOME,XDG_CACHE_HOME,HOME \\
  "$here/lib/code/layertap.js" "$@"
`;

/** The code in one file and the `.wasm` files that it compiles, by name. */
async function code(): Promise<Map<string, Uint8Array>> {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/layertap.js`;
    const entry = "scripts/bundle_entry.ts";
    const runtime = {
      name: "deno",
      version: Deno.version.deno,
      folder: new URL("scripts/licences/deno/", root),
    };
    await bundle(["--output", output, entry], folder, [runtime]);
    const files = new Map<string, Uint8Array>();
    for await (const { name } of Deno.readDir(folder)) {
      files.set(name, await Deno.readFile(`${folder}/${name}`));
    }
    return files;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The archive's files. */
async function contents(): Promise<TarFileInput[]> {
  const executable = { mode: "755" };
  const weights = ["mlnet_resnet18.npz", "LICENSE", "README.md"];
  return [
    { name: "layertap", data: start, attrs: executable },
    {
      name: "deno",
      data: await Deno.readFile(Deno.execPath()),
      attrs: executable,
    },
    // Two folders deep, as src/weights/ is, which looks for ../../weights/.
    ...[...await code()].map(([name, data]) => ({
      name: `lib/code/${name}`,
      data,
    })),
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
