/**
 * Files and folders on disk.
 *
 * @module
 */

import { requireBuiltin } from "./builtin.ts";
import { isGranted } from "./environment.ts";

/** What a path is; undefined if there is nothing, or it may not be read. */
export async function kindOfPath(
  path: string | URL,
): Promise<"file" | "folder" | undefined> {
  if (!isGranted({ name: "read", path })) return undefined;
  try {
    const { stat } = requireBuiltin("node:fs/promises");
    const found = await stat(path);
    return found.isDirectory() ? "folder" : found.isFile() ? "file" : undefined;
  } catch {
    return undefined;
  }
}

/** The names of the files in a folder, in order. */
export async function filesIn(folder: string | URL): Promise<string[]> {
  const { readdir } = requireBuiltin("node:fs/promises");
  return (await readdir(folder)).sort();
}
