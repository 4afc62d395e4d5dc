/**
 * Folders, globs and lists, as a command line names them, to single files.
 *
 * @module
 */

import { few } from "../errors/expected.ts";
import { lines } from "../formats/lines.ts";
import { kindByName } from "../image/other_formats.ts";
import { requireBuiltin } from "../runtime/builtin.ts";

/** How many files of folders were passed over, by their format: GIF, HEIC and others. */
export type PassedOver = Map<string, number>;

type OnError = (error: Error) => void;

/** Options of {@linkcode listFiles}. */
interface ListOptions {
  readonly passedOver?: PassedOver;
  readonly onError?: OnError;
}

function fail(error: Error): never {
  throw error;
}

/** Counts in words: `2 GIF, 1 HEIC`. */
export function countsOf(passedOver: PassedOver): string {
  return few([...passedOver].map(([format, count]) => `${count} ${format}`), 9);
}

/**
 * The files that operands stand for, one by one; memory depends only on the largest folder.
 *
 * A folder stands for the pictures in it and its subfolders, by the endings of their names; a glob
 * (picomatch's) for the files it matches, unless a file has that very name; `-` for the lines of a
 * list; anything else, such as a URL, for itself. Files of a folder or glob are sorted by code units, as Python's `sorted` does.
 * Names that start with a dot are skipped, and links to folders are not followed.
 *
 * @param operands Paths, globs, URLs, `-`.
 * @param list What `-` stands for: one path a line.
 * @param options.passedOver Counts the folders' pictures of formats that are not supported.
 * @param options.onError Called with the errors below, after which the listing goes on. Default:
 *   throws them.
 * @throws {RangeError} If a folder has no pictures, or no file matches a glob.
 * @throws {Error} If a folder can't be listed.
 */
export async function* listFiles(
  operands: readonly string[],
  list?: AsyncIterable<Uint8Array | string>,
  options: ListOptions = {},
): AsyncGenerator<string> {
  for (const operand of operands) {
    if (operand === "-" && list) {
      for await (const line of lines(list)) if (line !== "") yield line;
    } else if (/^\w{2,}:/.test(operand)) {
      yield operand;
    } else {
      yield* expand(operand, options);
    }
  }
}

async function* expand(
  operand: string,
  { passedOver = new Map(), onError = fail }: ListOptions,
): AsyncGenerator<string> {
  const { stat } = requireBuiltin("node:fs/promises");
  const found = await stat(operand).catch(() => null);
  if (found?.isDirectory()) {
    const folder = operand.replace(/(?<=.)\/+$/, "");
    const others: PassedOver = new Map();
    const isPicture = (name: string) => {
      const { isPicture, other } = kindByName(name);
      for (const counts of other ? [others, passedOver] : []) {
        counts.set(other!, (counts.get(other!) ?? 0) + 1);
      }
      return isPicture;
    };
    yield* some(
      filter(walk(folder, Infinity, onError), isPicture),
      onError,
      () =>
        others.size > 0
          ? `no pictures in "${operand}" but ${countsOf(others)}; JPEG, PNG ` +
            "and WebP are supported"
          : `no pictures in "${operand}"; their names must end in .jpg, ` +
            ".jpeg, .png or .webp",
    );
    return;
  }
  const { default: picomatch } = await import("picomatch");
  const { isGlob, prefix, base, glob } = picomatch.scan(operand);
  if (found || !isGlob) {
    yield operand; // If it doesn't exist, reading it says so.
    return;
  }
  const folder = prefix + base || ".";
  const start = folder === "." ? 0 : folder.replace(/\/$/, "").length + 1;
  const depth = glob.includes("**") ? Infinity : glob.split("/").length;
  const matches = picomatch(glob);
  yield* some(
    filter(walk(folder, depth, onError), (path) => matches(path.slice(start))),
    onError,
    () => `no file matches "${operand}"`,
  );
}

/** The files of a folder and its subfolders to that depth; paths leave out a leading `./`. */
async function* walk(
  folder: string,
  depth: number,
  onError: OnError,
): AsyncGenerator<string> {
  const { readdir, stat } = requireBuiltin("node:fs/promises");
  const entries = await readdir(folder, { withFileTypes: true })
    .catch((cause: Error) => {
      // The end of Node's message names the folder again.
      const reason = cause.message.replace(/, \w+ '.*$/, "");
      onError(new Error(`cannot list "${folder}": ${reason}`, { cause }));
      return [];
    });
  const names = entries
    .filter(({ name }) => !name.startsWith("."))
    // The slash sorts a folder where its files' paths belong.
    .map((entry) => entry.isDirectory() ? `${entry.name}/` : entry.name)
    .sort();
  const links = new Set(
    entries.filter((e) => e.isSymbolicLink()).map(({ name }) => name),
  );
  const parent = folder === "." ? "" : folder.replace(/\/?$/, "/");
  for (const name of names) {
    const path = parent + name;
    if (name.endsWith("/")) {
      if (depth > 1) yield* walk(path.slice(0, -1), depth - 1, onError);
    } else if (!links.has(name) || await isFile(path)) {
      yield path;
    }
  }

  async function isFile(path: string): Promise<boolean> {
    return await stat(path).then((s) => s.isFile(), () => false);
  }
}

async function* filter<T>(
  items: AsyncIterable<T>,
  test: (item: T) => boolean,
): AsyncGenerator<T> {
  for await (const item of items) if (test(item)) yield item;
}

/** The items; an error if there are none. */
async function* some<T>(
  items: AsyncIterable<T>,
  onError: OnError,
  message: () => string,
): AsyncGenerator<T> {
  let any = false;
  for await (const item of items) {
    any = true;
    yield item;
  }
  if (!any) onError(new RangeError(message()));
}
