/**
 * Opens whatever a user has, bytes, a blob, a path or a URL, as one {@linkcode ByteSource}.
 *
 * @module
 */

import type { ByteSource } from "./byte_source.ts";

/**
 * What a file can be given as: a path, a URL or its bytes. A string is a URL if it begins with
 * `http:`, `https:`, `file:`, `data:` or `blob:`.
 */
export type FileSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/**
 * Opens a source of bytes. A file stays on disk and is read where it is asked; what another
 * URL stands for is fetched whole.
 *
 * @throws {TypeError} If it is no source at all.
 * @throws {Error} If the file cannot be opened or the server does not answer with 2xx.
 */
export async function openByteSource(source: FileSource): Promise<ByteSource> {
  if (source instanceof Uint8Array) return fromBytes(source, "bytes");
  if (source instanceof ArrayBuffer) {
    return fromBytes(new Uint8Array(source), "bytes");
  }
  if (source instanceof Blob) return fromBlob(source);
  if (
    typeof source === "string" && !/^(https?|file|blob|data):/i.test(source)
  ) {
    return await fromFile(source, source);
  }
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new TypeError(
      `cannot open ${
        source === null ? "null" : typeof source
      }: a path, a URL, bytes or a Blob is wanted`,
    );
  }
  const url = new URL(source);
  if (url.protocol !== "file:") return await fromServer(url);
  const { fileURLToPath } = await import("node:url");
  return await fromFile(url, fileURLToPath(url));
}

/**
 * Reads a whole file.
 *
 * @throws {TypeError} If it is no source at all.
 * @throws {Error} If it cannot be read; the message names it.
 */
export async function readBytes(
  source: FileSource,
): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const opened = await openByteSource(source);
  try {
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

async function fromFile(name: string | URL, path: string): Promise<ByteSource> {
  const { open } = await import("node:fs/promises");
  const file = await open(path).catch((cause) => {
    const why = cause.code === "ENOENT"
      ? "there is no such file"
      : cause.message;
    throw new Error(`cannot open "${name}": ${why}`, { cause });
  });
  const stat = await file.stat();
  let isOpen = true;
  const source: ByteSource = {
    name: String(name),
    size: stat.size,
    async read(offset, length) {
      checkRange(this, offset, length);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(
          bytes,
          done,
          length - done,
          offset + done,
        );
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
  if (!stat.isFile()) {
    source.close();
    throw new Error(`cannot open "${name}": it is no regular file`);
  }
  return source;
}

async function fromServer(url: URL): Promise<ByteSource> {
  const response = await fetch(url).catch((cause) => {
    throw new Error(`cannot fetch ${url}: ${cause.message}`, { cause });
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(
      `cannot fetch ${url}: HTTP ${response.status} ${response.statusText}`
        .trimEnd(),
    );
  }
  const name = url.protocol === "data:" ? "data: URL" : url.href;
  return fromBytes(new Uint8Array(await response.arrayBuffer()), name);
}

function checkRange(source: ByteSource, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > source.size) {
    throw endsEarly(source, offset, length);
  }
}

function endsEarly(source: ByteSource, offset: number, length: number) {
  return new SyntaxError(
    `cannot read "${source.name}": ${length} bytes wanted at byte ${offset}, it has ${source.size}`,
  );
}
