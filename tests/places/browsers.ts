/**
 * Pages in browsers.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { serveFolder } from "../../examples/browser/serve.ts";
import { copyFiles } from "../platforms/contract/files.ts";
import { run } from "../platforms/npm_project.ts";
import type { Outcome } from "./check.ts";
import { node, type Project } from "./project.ts";
import type { Row } from "./row.ts";

/** A browser of `drive.js`. */
export type Browser = "chromium" | "firefox" | "webkit";

/** Opens a page and waits for its outcome. */
export async function open<Result = Outcome>(
  { workshop }: Project,
  browser: Browser,
  url: string,
): Promise<{ version: string; outcome: Result }> {
  const text = await run(
    [...node, "drive.js", browser, url],
    `${workshop.folder}/driver`,
  );
  const { version, outcome } = JSON.parse(text);
  return { version: version.replace("/", " "), outcome };
}

/** Opens the page in a folder. */
export async function page<Result = Outcome>(
  project: Project,
  place: string,
  browser: Browser,
  folder: string,
  isolated = true,
): Promise<Omit<Row, "outcome"> & { readonly outcome: Result }> {
  await copyFiles(folder);
  await using server = serveFolder(folder, { isolated });
  const url = `http://127.0.0.1:${server.addr.port}/index.html`;
  const { version, outcome } = await open<Result>(project, browser, url);
  return {
    place: `${place}, ${version}`,
    outcome,
    bundle: await entrySize(folder),
    configured: isolated ? "COOP and COEP" : "nothing",
    single: !isolated || browser === "webkit", // WebKitGTK has no shared memory.
  };
}

/** What a page loads before any picture: JavaScript of the largest chunk, gzip. */
export async function entrySize(folder: string): Promise<string> {
  let largest = 0;
  const look = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await look(path);
      if (!name.endsWith(".js")) continue;
      largest = Math.max(largest, gzipSync(await Deno.readFile(path)).length);
    }
  };
  await look(folder);
  return `${Math.round(largest / 1000)} kB`;
}
