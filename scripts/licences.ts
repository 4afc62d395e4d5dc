/**
 * The licences of what a build contains, found by what it contains: the sources that the bundler's
 * source maps name, and other packages' `.wasm` files.
 *
 * The texts are those of the package. For packages without any, `scripts/licences` has them, or the
 * package is under Apache-2.0, whose text names nobody.
 *
 * @module
 */

import { exists } from "./wasm_files.ts";

const root = new URL("../", import.meta.url);
const own = new URL("scripts/licences/", root);

/** The name of the file of licences in a build. */
export const licencesFile = "LICENSES.txt";

/** Part of a build that others wrote. */
export interface Part {
  /** A package's name. */
  readonly name: string;
  readonly version: string;
  /** Where its files are. */
  readonly folder: URL;
}

/**
 * The package that a file comes from.
 *
 * @param source Of Deno's cache. Source maps of packages may name their own sources, which are
 *   outside: `npm/tfjs-core/src/…`. `deno.lock` then says which package that is.
 * @returns None for a file of this project, or one that the bundler made.
 * @throws {Error} If no package is found, or several.
 */
export async function packageOf(source: URL): Promise<Part | undefined> {
  const { href } = source;
  if (href.startsWith(root.href) || source.protocol === "deno:") return;
  const inCache = /^(.*\/npm\/[^/]+\/)((?:@[^/]+\/)?[^/@]+)\/(\d[^/]*)\//.exec(
    href,
  );
  if (inCache) {
    const [folder, , name, version] = inCache;
    return { name, version, folder: new URL(folder) };
  }
  const [, cache, last] = /^(.*\/npm\/)([^/]+)\/src\//.exec(href) ?? [];
  const lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", root)));
  const found = new Map<string, Part>();
  for (const key of Object.keys(last ? lock.npm : {})) {
    const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
    if (name.split("/").at(-1) !== last) continue;
    for await (const { name: registry } of Deno.readDir(new URL(cache))) {
      const folder = new URL(`${registry}/${name}/${version}/`, cache);
      if (await exists(folder)) {
        found.set(folder.href, { name, version, folder });
      }
    }
  }
  if (found.size === 1) return [...found.values()][0];
  throw new Error(
    `expected one package that ${href} comes from, got ${found.size}; ` +
      "its licence can't be found",
  );
}

/** Files of a folder, and of the folders in it, that have licences. */
async function texts(folder: URL): Promise<string[]> {
  const found: string[] = [];
  const entries = [];
  for await (const entry of Deno.readDir(folder)) entries.push(entry);
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const { name, isDirectory } = entry;
    if (isDirectory && name !== "node_modules") {
      found.push(...await texts(new URL(`${name}/`, folder)));
    } else if (/^(licen[cs]e|copying|copyright|notice)[^/]*$/i.test(name)) {
      if (/\.(?!md$|txt$|codec\.|mit$|apache)/i.test(name)) continue;
      found.push((await Deno.readTextFile(new URL(name, folder))).trim());
    }
  }
  return found;
}

/**
 * A part's name, version and licences.
 *
 * @throws {Error} If it has no text of a licence.
 */
export async function licence(
  { name, version, folder }: Part,
): Promise<string> {
  const manifest = new URL("package.json", folder);
  const { license } = await exists(manifest)
    ? JSON.parse(await Deno.readTextFile(manifest))
    : { license: undefined };
  const mine = new URL(`${name}/`, own);
  const found = await texts(folder);
  if (await exists(mine)) found.push(...await texts(mine));
  if (found.length === 0 && license === "Apache-2.0") {
    const url = new URL(import.meta.resolve("@jsquash/png/LICENSE"));
    found.push((await Deno.readTextFile(url)).trim());
  }
  if (found.length === 0) {
    throw new Error(
      `expected a licence of ${name} ${version}, got a package without its text; ` +
        `add it as scripts/licences/${name}/LICENSE.txt`,
    );
  }
  return [
    `${name} ${version}${license ? ` (${license})` : ""}`,
    ...new Set(found),
  ]
    .join("\n\n");
}

/**
 * The licences of all parts, each once, in the order of their names.
 *
 * @param withJpeg Whether `jpeg.wasm` is among the files; its licences are made with it.
 * @throws {Error} If a part has no text of a licence.
 */
export async function licences(
  parts: readonly Part[],
  withJpeg: boolean,
): Promise<string> {
  const byName = new Map(parts.map((p) => [`${p.name} ${p.version}`, p]));
  const sections = await Promise.all(
    [...byName].sort(([a], [b]) => a < b ? -1 : 1).map(([, p]) => licence(p)),
  );
  if (withJpeg) sections.push(await jpegLicences());
  return [
    "This software contains the packages below. It is based in part on the work of the\n" +
    "Independent JPEG Group.",
    ...sections,
  ].join(`\n\n${"=".repeat(80)}\n\n`) + "\n";
}

async function jpegLicences(): Promise<string> {
  const folder = new URL("src/runtime/wasm/jpeg_licences/", root);
  const found = [];
  for await (const { name } of Deno.readDir(folder)) found.push(name);
  return (await Promise.all(
    found.sort().map(async (name) =>
      `${name} (in jpeg.wasm)\n\n` +
      (await Deno.readTextFile(new URL(name, folder))).trim()
    ),
  )).join("\n\n");
}
