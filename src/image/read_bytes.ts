/**
 * A file's bytes, from wherever the caller has them.
 *
 * @module
 */

/** What a file can be given as: its bytes, or where it is. */
export type FileSource = Uint8Array | ArrayBuffer | Blob | URL | string;

/** A whole file. */
export interface NamedBytes {
  /** What error messages call it. */
  readonly name: string;
  /** What is in it. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a whole file. A string is a URL if it begins with `http:`, `https:`, `file:`, `data:` or
 * `blob:`, else a path.
 *
 * @throws {TypeError} If the source is none of these.
 * @throws {Error} If the file can't be read; the message names it.
 */
export async function readBytes(source: FileSource): Promise<NamedBytes> {
  if (source instanceof Uint8Array) return { name: "bytes", bytes: source };
  if (source instanceof ArrayBuffer) {
    return { name: "bytes", bytes: new Uint8Array(source) };
  }
  if (source instanceof Blob) {
    const name = source instanceof File ? source.name : "blob";
    return { name, bytes: new Uint8Array(await source.arrayBuffer()) };
  }
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new TypeError(
      `cannot read ${
        source === null ? "null" : `a value of type ${typeof source}`
      }: ` +
        "give bytes, a Blob, a path or a URL",
    );
  }
  const url = asUrl(source);
  const name = url?.protocol === "data:" ? "data: URL" : String(source);
  try {
    const bytes = url && url.protocol !== "file:"
      ? await fetchBytes(url)
      : await readFile(url ?? String(source));
    return { name, bytes };
  } catch (cause) {
    throw new Error(`cannot read "${name}": ${reason(cause)}`, { cause });
  }
}

function asUrl(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  return /^(https?|file|data|blob):/i.test(source)
    ? new URL(source)
    : undefined;
}

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function readFile(path: string | URL): Promise<Uint8Array> {
  const fs = await import("node:fs/promises");
  return await fs.readFile(path);
}

/** What is wrong, in a few words. */
function reason(error: unknown): string {
  switch ((error as { code?: string }).code) {
    case "ENOENT":
      return "there is no such file";
    case "EISDIR":
      return "it is a directory";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
