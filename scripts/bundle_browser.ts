/**
 * Bundles modules for the browser together with this package, its `.wasm` files and weights.
 *
 *     deno task bundle:page page.ts worker.ts site
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle, deno } from "./bundle.ts";
import type { Files } from "./npm/files.ts";
import { lower } from "./npm/lower.ts";

const root = new URL("../", import.meta.url);

const weights = "mlnet_resnet18.npz";

/**
 * Bundles modules, with code splitting, and puts the package's `.wasm` files and weights beside
 * them.
 *
 * Needs read access to Deno's cache, write access to the folder and to the temporary folder, and
 * permission to run `deno`.
 *
 * @param entries URLs of modules, including those of web workers. Modules of one folder become files
 *   of one folder.
 * @param folder The bundles' folder, created if it doesn't exist.
 * @param weightsAt Where the included weights are, from that folder. Default: copied into it.
 * @throws {Error} If a file is missing or doesn't parse.
 */
export async function bundleForBrowser(
  entries: readonly URL[],
  folder: string,
  weightsAt?: string,
): Promise<void> {
  const temporary = await Deno.makeTempDir(); // The folder may have other scripts.
  try {
    const args = ["--platform", "browser", "--code-splitting"];
    const urls = entries.map(({ href }) => href);
    await bundle([...args, "--outdir", temporary, ...urls], temporary);
    await deno([
      ...["bundle", "--no-lock", "--quiet", "--platform", "browser"],
      ...["--output", `${temporary}/kernel_worker.js`],
      "src/kernels/kernel_worker.js", // For pages that forbid blob: workers.
    ]);
    await addWeights(temporary, weightsAt);
    const files: Files = new Map();
    for await (const { name } of Deno.readDir(temporary)) {
      files.set(name, await Deno.readFile(`${temporary}/${name}`));
    }
    const scripts = [...files.keys()].filter((name) => name.endsWith(".js"));
    await lower(files, scripts, ["--minify"]); // Safari has no `using`.
    await Deno.mkdir(folder, { recursive: true });
    for (const [name, data] of files) {
      await Deno.writeFile(`${folder}/${name}`, data);
    }
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** Lets the bundles find the included weights. */
async function addWeights(folder: string, at?: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js")) continue;
    const path = `${folder}/${name}`;
    const code = await Deno.readTextFile(path);
    const inPackage = `../../weights/${weights}`;
    if (!code.includes(inPackage)) continue;
    const url = `${at ?? "./"}${weights}`;
    await Deno.writeTextFile(path, code.replaceAll(inPackage, url));
    if (at) continue;
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
