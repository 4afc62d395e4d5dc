/**
 * Compiles the WebAssembly at a URL, read from disk in Node and fetched elsewhere.
 *
 * @param {URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return await WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  // Not compileStreaming, since some servers don't send the content type.
  return await WebAssembly.compile(await response.arrayBuffer());
}
