/**
 * The file that a request or a command line names: a path, unless URLs are allowed.
 *
 * @module
 */

import { requireBuiltin } from "./builtin.ts";
import { fetchAllowed } from "./fetch_allowed.ts";
import { readResponse } from "./fetch_bytes.ts";
import { kindOfPath } from "./folders.ts";
import type { FileSource } from "./open_source.ts";

/** Which files names may stand for. */
export interface NamedFileOptions {
  /**
   * Hosts that files may be fetched from, such as `"example.org"`; every other name is a path, even
   * one that begins with `file:`. Default: any URL is fetched.
   */
  readonly allowedHosts?: readonly string[];
  /** A folder: files elsewhere are refused, also if a link leads there. Default: none. */
  readonly root?: string;
}

/** The most bytes of a file from a server: 32 MiB. */
const MAX_BYTES = 2 ** 25;

/**
 * The source that a name stands for.
 *
 * @throws {Error} If it is outside of the root, or its host isn't allowed.
 */
export async function namedFile(
  name: string,
  { allowedHosts, root }: NamedFileOptions,
): Promise<FileSource> {
  if (allowedHosts === undefined && root === undefined) return name;
  const path = /^[a-z]{2,}:/i.test(name) ? `./${name}` : name;
  const isUrl = /^https?:\/\//i.test(name) &&
    await kindOfPath(path) === undefined;
  if (isUrl && allowedHosts?.length) {
    const response = await fetchAllowed(name, { allowedHosts });
    const bytes = await readResponse(response, MAX_BYTES).catch((cause) => {
      throw new Error(`cannot fetch "${name}": ${cause.message}`, { cause });
    });
    return new File([bytes], name);
  }
  if (isUrl) {
    throw new Error(
      `cannot open "${name}": it is a URL, and its host is not allowed ` +
        "(allowedHosts, --allow-host)",
    );
  }
  return root === undefined ? path : await within(root, path);
}

/** The path without links. */
async function within(root: string, path: string): Promise<string> {
  const { realpath } = requireBuiltin("node:fs/promises");
  const { sep } = requireBuiltin("node:path");
  const folder = await realpath(root);
  const real = await realpath(path).catch(() => undefined);
  if (real?.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
    return real;
  }
  // Whether there is a file outside is nobody's business.
  throw new Error(`cannot open "${path}": there is no such file in "${root}"`);
}
