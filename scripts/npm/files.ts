/**
 * The files of an npm package, before packing.
 *
 * @module
 */

/** Files by path, without npm's `package/`. */
export type Files = Map<string, Uint8Array>;

/**
 * A file's text.
 *
 * @throws {Error} If it doesn't exist.
 */
export function text(files: Files, name: string): string {
  const file = files.get(name);
  if (!file) throw new Error(`deno pack left out ${name}`);
  return new TextDecoder().decode(file);
}

/** Adds or replaces a text file. */
export function put(files: Files, name: string, content: string): void {
  files.set(name, new TextEncoder().encode(content));
}

/**
 * Replaces a part of a text file.
 *
 * @throws {Error} If it doesn't exist.
 */
export function replace(
  files: Files,
  name: string,
  what: RegExp,
  by: string,
): void {
  const before = text(files, name);
  const after = before.replace(what, by);
  if (after === before) throw new Error(`${name} holds no ${what}`);
  put(files, name, after);
}
