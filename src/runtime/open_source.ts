/**
 * Opens bytes, a blob, a path or a URL as one {@linkcode ByteSource}.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { requireBuiltin } from "./builtin.ts";
import { fetchInTime, readResponse } from "./fetch_bytes.ts";
import { fetchReason } from "./fetch_reason.ts";
import { type ByteSource, checkRange, endsEarly } from "./byte_source.ts";

/**
 * A file: its path, its URL or its bytes. A string is a URL if it begins with `http:`, `https:`,
 * `file:`, `data:` or `blob:`.
 */
export type FileSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/** The most bytes to read with one call: `node:fs` takes lengths of 32 bits. */
const MOST_AT_ONCE = 2 ** 30;

/** A whole file in memory, with a name for errors. */
export interface FileBytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a file is fetched from a server. */
export interface ServerOptions {
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Aborts it. */
  readonly signal?: AbortSignal;
  /** The most bytes. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Seconds for the answer to begin. Default 30. */
  readonly answerSeconds?: number;
  /** The longest pause, and the seconds in addition to one for each 100 kB. Default 10. */
  readonly bodySeconds?: number;
}

/**
 * Opens a source of bytes. A file is read from disk as needed; other URLs are fetched whole.
 *
 * @throws {TypeError} If it is none of those.
 * @throws {Error} If the file can't be opened or the server doesn't answer with 2xx.
 */
export async function openByteSource(
  source: FileSource,
  options: ServerOptions = {},
): Promise<ByteSource> {
  if (source instanceof Uint8Array) return fromBytes(source, "bytes");
  if (source instanceof ArrayBuffer) {
    return fromBytes(new Uint8Array(source), "bytes");
  }
  if (source instanceof Blob) return fromBlob(source);
  if (
    typeof source === "string" && !/^(https?|file|blob|data):/i.test(source)
  ) {
    return await fromFile(source);
  }
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new TypeError(
      expected("", "a path, a URL, bytes or a Blob", source),
    );
  }
  const url = new URL(source);
  if (url.protocol === "file:") return await fromFile(url);
  return await fromServer(url, options);
}

/** The most bytes of a file that is read whole: a decoder takes no more. */
const MOST_WHOLE = 2 ** 30;

/**
 * Reads a whole file.
 *
 * @throws {TypeError} If `source` isn't a file in any form.
 * @throws {RangeError} If it has more than 1 GiB.
 * @throws {Error} If it can't be read; the message names it.
 */
export async function readBytes(source: FileSource): Promise<FileBytes> {
  const opened = await openByteSource(source);
  try {
    const { name, size } = opened;
    if (size > MOST_WHOLE) {
      throw new RangeError(
        `cannot read "${name}": it has ${size} bytes; expected at most ${MOST_WHOLE}`,
      );
    }
    return { name: opened.name, bytes: await opened.read(0, opened.size) };
  } finally {
    opened.close();
  }
}

function fromBytes(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      checkRange(this, offset, length);
      return Promise.resolve(
        new Uint8Array(bytes.subarray(offset, offset + length)),
      );
    },
    close() {},
  };
}

function fromBlob(blob: Blob): ByteSource {
  return {
    name: blob instanceof File ? blob.name : "blob",
    size: blob.size,
    async read(offset, length) {
      checkRange(this, offset, length);
      const part = blob.slice(offset, offset + length);
      return new Uint8Array(await part.arrayBuffer());
    },
    close() {},
  };
}

async function fromFile(path: string | URL): Promise<ByteSource> {
  const { open, stat } = requireBuiltin("node:fs/promises");
  const cannot = (cause: Error & { code?: string }) => {
    const why = cause.code === "ENOENT"
      ? "there is no such file"
      : cause.message;
    throw new Error(`cannot open "${path}": ${why}`, { cause });
  };
  // Opening a pipe that nobody writes to would wait for ever.
  const found = await stat(path).catch(cannot);
  if (!found.isFile()) {
    const kind = found.isDirectory() ? "a folder" : "not a regular file";
    throw new Error(`cannot open "${path}": it is ${kind}`);
  }
  const file = await open(path).catch(cannot);
  const { size } = await file.stat();
  let isOpen = true;
  const source: ByteSource = {
    name: String(path),
    size,
    async read(offset, length) {
      checkRange(this, offset, length);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const most = Math.min(length - done, MOST_AT_ONCE);
        const { bytesRead } = await file.read(bytes, done, most, offset + done);
        if (bytesRead === 0) throw endsEarly(this, offset, length);
        done += bytesRead;
      }
      return bytes;
    },
    close() {
      if (isOpen) void file.close();
      isOpen = false;
    },
  };
  return source;
}

async function fromServer(
  url: URL,
  { fetch, signal, maxBytes = 2 ** 31, ...seconds }: ServerOptions,
): Promise<ByteSource> {
  const name = url.protocol === "data:" ? "data: URL" : url.href;
  const cannot = (cause: Error) => {
    signal?.throwIfAborted();
    const why = fetchReason(cause);
    throw new Error(`cannot fetch ${name}: ${why}`, { cause });
  };
  const { answerSeconds, bodySeconds } = seconds;
  const response = await fetchInTime(url, { signal }, answerSeconds, fetch)
    .catch(cannot);
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(
      `cannot fetch ${url}: HTTP ${response.status} ${response.statusText}`
        .trimEnd(),
    );
  }
  const bytes = await readResponse(response, maxBytes, bodySeconds)
    .catch(cannot);
  return fromBytes(bytes, name);
}
