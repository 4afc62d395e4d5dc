import { requireBuiltin } from "../runtime/builtin.ts";
import { reasonOf } from "../errors/cannot_write.ts";
import { FolderLock, isLock } from "../runtime/folder_lock.ts";

/**
 * Makes a folder, or takes it from a run that has ended.
 *
 * @throws {Error} If it can't be made, a process has it, or it holds other files.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  for (let i = 0; i < 20; i++) {
    const made = await FolderLock.make(path).catch((error) => {
      throw cannotMake(path, reasonOf(error));
    });
    if (made) return made;
    await requireFree(path);
    const taken = await FolderLock.take(path);
    if (taken) return taken;
    await moment();
  }
  throw cannotMake(path, "other processes keep taking it");
}

/** @throws {Error} If there is anything else under that name than such a folder. */
async function requireFree(path: string): Promise<void> {
  const { lstat, readdir, rmdir } = requireBuiltin("node:fs/promises");
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return; // It has just been removed.
  if (!found.isDirectory()) throw cannotMake(path, "it is a file or a link");
  for (let i = 0; i < 3; i++) {
    const names = await readdir(path).catch(() => []);
    if (names.some(isLock)) return;
    if (names.length === 0) return void await rmdir(path).catch(() => {});
    // While another renames its lock, a list may have neither of the names.
    await moment();
  }
  throw cannotMake(path, "it exists and holds other files");
}

/** What another process takes to rename a file. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 10));

function cannotMake(path: string, why: string): Error {
  return new Error(`cannot create the folder "${path}": ${why}`);
}
