/**
 * Where results go: a file, a folder of files, or stdout.
 *
 * @module
 */

import { printable } from "../errors/printable.ts";
import { expected } from "../errors/expected.ts";
import { type Io, UsageError } from "./command.ts";

/** Writes results. */
export interface Output {
  /** Whether each result is a file of its own. */
  readonly isFolder: boolean;
  /**
   * Writes one.
   *
   * @param picture The picture that it is of, which names the file in a folder.
   * @returns The file's name, or `stdout`.
   */
  write(content: Uint8Array, picture?: string): Promise<string>;
}

/**
 * Whether results go to stdout. With permissions for some files only, Deno can't open its device while
 * it is a pipe.
 */
export const isStdout = (out: string) => out === "-" || out === "/dev/stdout";

/** Prints the line that says what was written; to stderr if stdout has the content. */
export function say(line: string, out: string, io: Io): void {
  (isStdout(out) ? io.stderr : io.stdout).write(`${printable(line)}\n`);
}

/**
 * Checks an option or operand that names an output.
 *
 * @param name For messages, `--out`.
 * @param endings The endings that the content has, `.png`.
 * @param count The number of results.
 * @throws {UsageError} If the name ends in something else, or is one file for several results.
 */
export async function openOutput(
  name: string,
  out: string,
  endings: readonly string[],
  count: number,
  io: Io,
): Promise<Output> {
  const { writeFile } = await import("../weights/write_file.ts");
  if (isStdout(out) && count <= 1) {
    return {
      isFolder: false,
      write: async (content) => {
        await io.stdout.write(content);
        return "stdout";
      },
    };
  }
  const fs = await import("node:fs/promises");
  const found = await fs.stat(out).catch(() => undefined);
  if (found?.isDirectory() || /[\\/]$/.test(out)) {
    const fileIn = names(out.replace(/[\\/]*$/, "/"), endings[0]);
    return {
      isFolder: true,
      async write(content, picture = "out") {
        await fs.mkdir(out, { recursive: true });
        const path = fileIn(picture);
        await writeFile(path, content);
        return path;
      },
    };
  }
  if (count > 1) {
    const what = `a folder for ${count} pictures, such as "maps/"`;
    throw new UsageError(expected(name, what, out));
  }
  // A pipe or device takes anything.
  const isDevice = found !== undefined && !found.isFile();
  if (!isDevice && !endings.some((end) => out.toLowerCase().endsWith(end))) {
    const what = `a name that ends in ${endings.join(" or ")}, or - for stdout`;
    throw new UsageError(expected(name, what, out));
  }
  return {
    isFolder: false,
    async write(content) {
      await writeFile(out, content);
      return out;
    },
  };
}

/** Names of files after their pictures; a name that is taken gets a number. */
export function names(
  folder: string,
  ending: string,
): (picture: string) => string {
  const taken = new Set<string>();
  return (picture) => {
    const base = picture.split(/[\\/]/).at(-1)!.replace(/[?#].*$/, "");
    const stem = base.replace(/\.\w+(?=\[\d+\]$|$)/, "") || "picture";
    for (let i = 1;; i++) {
      const path = `${folder}${i === 1 ? stem : `${stem}-${i}`}${ending}`;
      if (taken.has(path)) continue;
      taken.add(path);
      return path;
    }
  };
}
