/**
 * Files of a work folder. None is opened through a link, which may lead to any other file.
 *
 * @module
 */

import { requireBuiltin } from "../runtime/builtin.ts";
import type { FileHandle } from "node:fs/promises";

/** Makes a file; what has its name is removed. */
export async function makeFile(path: string): Promise<FileHandle> {
  const { open, rm } = requireBuiltin("node:fs/promises");
  await rm(path, { force: true });
  return await open(path, "wx+");
}

/**
 * Opens a file to read and write it.
 *
 * @throws {Error} If it isn't there, or is a link or has another name.
 */
export async function openFile(path: string): Promise<FileHandle> {
  const { lstat, open } = requireBuiltin("node:fs/promises");
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) throw damaged(path, "it is missing");
  const isOwn = found.isFile() && found.nlink <= 1;
  if (!isOwn) throw damaged(path, "it is a link, or no file");
  const file = await open(path, "r+");
  const { dev, ino } = await file.stat();
  if (dev === found.dev && ino === found.ino) return file;
  await file.close();
  throw damaged(path, "it was replaced meanwhile");
}

/** The error for a file of the work folder that can't be right. */
export function damaged(path: string, why: string): Error {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return new Error(
    `cannot resume: "${path}": ${why}; delete "${folder}" to start over`,
  );
}
