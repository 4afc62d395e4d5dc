/**
 * Builds the webcam's page into a folder, for any static host: `deno task webcam`.
 *
 * @module
 */

import { bundleForBrowser } from "../../scripts/bundle_browser.ts";

const here = new URL("./", import.meta.url);

/**
 * Writes the page, its code and the weights.
 *
 * @param folder Created if it doesn't exist.
 */
export async function buildWebcam(folder: string): Promise<void> {
  const entries = ["main.ts", "worker.ts"].map((name) => new URL(name, here));
  await bundleForBrowser(entries, `${folder}/code`);
  await Deno.copyFile(new URL("index.html", here), `${folder}/index.html`);
}

if (import.meta.main) {
  await buildWebcam(Deno.args[0]);
  console.log(`built ${Deno.args[0]}, ready for any static host`);
}
