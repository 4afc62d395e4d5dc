/**
 * A folder that one process at a time may use.
 *
 * The folder has one file `lock,<pid>,<start>,<kind>,<id>,<host>`, which names the holder, or
 * `lock,0,…`, which nobody holds. To take the folder is to rename that file: its name is never used
 * twice, so that of several processes that try, one succeeds. In Deno the holder also has the
 * kernel's lock on the file, which ends with the process; elsewhere the process is looked for.
 *
 * @module
 */

import { requireBuiltin } from "./builtin.ts";
import { isRunning, type ProcessId, thisProcess } from "./process.ts";
import { isDeno } from "./which.ts";

const prefix = "lock,";

/** What another process has. */
const held = "held";

/** The kernel's lock on an open file. */
interface KernelLock {
  close(): void;
}

/** The right to use a folder. */
export class FolderLock {
  private constructor(
    readonly folder: string,
    readonly name: string,
    readonly kernel: KernelLock | undefined,
  ) {}

  /**
   * Makes a folder, and takes it.
   *
   * @returns Undefined if there is something under that name.
   * @throws {Error} If it can't be made.
   */
  static async make(folder: string): Promise<FolderLock | undefined> {
    const { mkdir, rename, rm, writeFile } = requireBuiltin("node:fs/promises");
    // It appears under its name with the lock in it. What is there isn't followed: no file or link
    // gives way to a folder, and of folders only an empty one.
    const made = folder.replace(
      /[^\\/]*$/,
      (name) => `.${name}.${crypto.randomUUID()}`,
    );
    await mkdir(made, { mode: 0o700 });
    try {
      const name = nameOf(await thisProcess());
      await writeFile(`${made}/${name}`, "", { flag: "wx" });
      await rename(made, folder);
      const kernel = await lockFile(`${folder}/${name}`).catch(absent(held));
      if (kernel === held) return undefined; // Another was quicker.
      return new FolderLock(folder, name, kernel);
    } catch (error) {
      await rm(made, { recursive: true, force: true });
      const { code } = error as Error & { readonly code?: string };
      // Windows says EPERM.
      const isThere = ["ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM"];
      if (code !== undefined && isThere.includes(code)) return undefined;
      throw error;
    }
  }

  /**
   * Takes a folder that {@linkcode make} made.
   *
   * @returns Undefined if it isn't there any more, or another is just taking it.
   * @throws {Error} If another process uses it, or may use it.
   */
  static async take(folder: string): Promise<FolderLock | undefined> {
    const { readdir, rename } = requireBuiltin("node:fs/promises");
    const gone = absent(undefined);
    const names = await readdir(folder).catch(gone);
    const old = names?.find(isLock);
    if (old === undefined) return undefined;
    const kernel = await lockFile(`${folder}/${old}`).catch(gone);
    if (kernel === held) {
      if (holderOf(old).pid === 0) return undefined; // Another is taking it.
      throw inUse(folder, old, "uses it");
    }
    try {
      await requireEnded(folder, old, kernel !== undefined);
      const name = nameOf(await thisProcess());
      const taken = await rename(`${folder}/${old}`, `${folder}/${name}`)
        .then(() => true, absent(false));
      if (taken) return new FolderLock(folder, name, kernel);
    } catch (error) {
      kernel?.close();
      throw error;
    }
    kernel?.close();
    return undefined; // Another was quicker.
  }

  /** Lets others take the folder. */
  async release(): Promise<void> {
    const { rename } = requireBuiltin("node:fs/promises");
    const { folder, name } = this;
    const free = nameOf({ pid: 0, start: "", host: "" });
    await rename(`${folder}/${name}`, `${folder}/${free}`).catch(absent());
    this.kernel?.close();
  }

  /** Removes the folder. */
  async remove(): Promise<void> {
    const { readdir, rm, rmdir } = requireBuiltin("node:fs/promises");
    const { folder, name } = this;
    // The lock goes last: without it, another may make the folder anew.
    for (const entry of await readdir(folder)) {
      if (entry !== name) {
        await rm(`${folder}/${entry}`, { recursive: true, force: true });
      }
    }
    this.kernel?.close();
    await rm(`${folder}/${name}`, { force: true });
    await rmdir(folder).catch(() => {}); // It is another's already.
  }
}

/** Whether a file is the lock of its folder. */
export function isLock(name: string): boolean {
  return name.startsWith(prefix);
}

function nameOf({ pid, start, host }: ProcessId): string {
  const kind = isDeno() ? "kernel" : "pid";
  const id = crypto.randomUUID();
  const fields = [pid, start, kind, id, encodeURIComponent(host)];
  return prefix + fields.join(",");
}

/** The kernel's lock on a file, if the runtime and the file system have one; "held" by another. */
async function lockFile(
  path: string,
): Promise<KernelLock | typeof held | undefined> {
  if (!isDeno()) return undefined;
  const file = await Deno.open(path, { read: true, write: true });
  const got = await file.tryLock(true).catch(() => undefined);
  if (got) return file;
  file.close();
  return got === false ? held : undefined;
}

/** @throws {Error} If the lock's holder may still run. */
async function requireEnded(
  folder: string,
  lock: string,
  hasKernelLock: boolean,
): Promise<void> {
  const { pid, kind, ...rest } = holderOf(lock);
  if (pid === 0 || (kind === "kernel" && hasKernelLock)) return;
  const runs = await isRunning({ pid, ...rest });
  if (runs === false) return;
  throw inUse(folder, lock, runs ? "uses it" : "may still use it");
}

function holderOf(lock: string): ProcessId & { readonly kind?: string } {
  const [pid, start = "", kind, , host = ""] = lock.slice(prefix.length)
    .split(",");
  return { pid: Number(pid), start, kind, host: decodeURIComponent(host) };
}

function inUse(folder: string, lock: string, does: string): Error {
  const { pid, host } = holderOf(lock);
  const where = host && ` on ${host}`;
  return new Error(
    `"${folder}": process ${pid}${where} ${does}; wait for its end, or write ` +
      "to another file" +
      (does === "uses it"
        ? ""
        : `; if it has ended, rename "${lock}" in the folder to "${prefix}0"`),
  );
}

/** Catches the error that a file isn't there. */
function absent<const T>(instead?: T): (error: unknown) => T {
  return (error) => {
    const { code } = error as Error & { readonly code?: string };
    if (code === "ENOENT" || (error as Error).name === "NotFound") {
      return instead as T;
    }
    throw error;
  };
}
