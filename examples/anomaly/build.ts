/**
 * Builds the page into a folder, for any static host: `deno task anomaly:build [folder]`.
 *
 * @module
 */

import { bundleForBrowser } from "../../scripts/bundle_browser.ts";

const here = new URL("./", import.meta.url);

/** Writes the page, its sample pictures, its code and the weights. */
export async function buildAnomalyPage(folder: string): Promise<void> {
  const code = ["main.ts", "worker.ts"].map((name) => new URL(name, here));
  await bundleForBrowser(code, `${folder}/code`);
  for (const name of ["index.html", "style.css"]) {
    await Deno.copyFile(new URL(name, here), `${folder}/${name}`);
  }
  for (const name of ["good", "test"]) {
    const from = new URL(`images/${name}/`, here);
    await Deno.mkdir(`${folder}/images/${name}`, { recursive: true });
    for await (const { name: file } of Deno.readDir(from)) {
      const to = `${folder}/images/${name}/${file}`;
      await Deno.copyFile(new URL(file, from), to);
    }
  }
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? "out/anomaly";
  await buildAnomalyPage(folder);
  console.log(`built ${folder}, ready for any static host`);
}
