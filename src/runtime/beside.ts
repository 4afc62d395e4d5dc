/**
 * Files beside the modules of this package.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { requireBuiltin } from "./builtin.ts";
import { isWorkerd } from "./which.ts";

/**
 * A file's whole URL.
 *
 * @param url Gives `new URL(path, import.meta.url)`. In Next.js that is only a path.
 * @throws {TypeError} If modules have no URL here, or a bundler made it a path where there is no page.
 */
export function beside(url: () => URL): URL {
  if (isWorkerd()) throw new TypeError("modules have no URL in workerd");
  const text = String(url());
  // A thread's location may be none that others are relative to.
  for (const base of [undefined, globalThis.location?.href]) {
    if (URL.canParse(text, base)) return new URL(text, base);
  }
  throw new TypeError(expected(
    "a file of @layertap/resnet",
    "a whole URL",
    text,
    "let the bundler leave this package out of the server's code, in Next.js by " +
      'serverExternalPackages: ["@layertap/resnet"]',
  ));
}

/**
 * Compiles a `.wasm` file, read from disk or fetched.
 *
 * @param url As for {@linkcode beside}.
 * @throws {Error} If it can't be read.
 */
export async function compileBeside(
  url: () => URL,
): Promise<WebAssembly.Module> {
  const file = beside(url);
  if (file.protocol === "file:") {
    const { readFile } = requireBuiltin("node:fs/promises");
    return await WebAssembly.compile(new Uint8Array(await readFile(file)));
  }
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: HTTP ${response.status}`);
  // Not compileStreaming, since some servers don't send the content type.
  return await WebAssembly.compile(await response.arrayBuffer());
}
