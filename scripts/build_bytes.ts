/**
 * Writes every `.wasm` file as a module whose text is its bytes, for Deno before 2.6:
 * `deno task build:bytes [folder]`, by default `src/runtime/wasm/bytes`.
 *
 * They aren't committed, since some are builds of other projects; a publication needs them.
 *
 * @module
 */

import { exists, wasmFiles, wasmFolder } from "./wasm_files.ts";

const folder = Deno.args[0]
  ? new URL(`file://${await Deno.realPath(Deno.args[0])}/`)
  : new URL("bytes/", wasmFolder);
await Deno.mkdir(folder, { recursive: true });
for (const { name, url } of await wasmFiles()) {
  if (!await exists(url)) {
    console.warn(`without ${url.pathname}: run deno task build:jpeg`);
    continue;
  }
  const zipped = new Blob([await Deno.readFile(url)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const base64 = new Uint8Array(await new Response(zipped).arrayBuffer())
    .toBase64();
  await Deno.writeTextFile(
    new URL(`${name}.js`, folder),
    `export default "data:application/gzip;base64,${base64}";\n`,
  );
}
