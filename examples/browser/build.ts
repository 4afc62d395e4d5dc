/**
 * Builds the explorer into a folder, for any static host: `deno task explorer:build [folder]`.
 *
 * @module
 */

import { bundleForBrowser } from "../../scripts/bundle_browser.ts";

const here = new URL("./", import.meta.url);
const root = new URL("../../", import.meta.url);

/**
 * Writes the page, its pictures, its code and the weights.
 *
 * @param folder Created if it doesn't exist. Its subfolder `code` is replaced.
 */
export async function buildExplorer(folder: string): Promise<void> {
  const code = `${folder}/code`;
  await Deno.remove(code, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await bundleForBrowser(
    [new URL("main.ts", here), new URL("worker.ts", here)],
    code,
  );
  for (const file of ["index.html", "style.css"]) {
    await Deno.copyFile(new URL(file, here), `${folder}/${file}`);
  }
  await copyFolder(new URL("examples/images/", root), `${folder}/images`);
}

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? "out/explorer";
  await buildExplorer(folder);
  console.log(`built ${folder}, ready for any static host`);
}
