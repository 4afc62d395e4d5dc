// stock: no, it tests our own kernels
/** The committed WebAssembly is what the generator writes. */

import assert from "node:assert/strict";
import { buildKernels, checksums } from "../../scripts/build_kernels.ts";
import { taskNames } from "../../src/kernels/tasks.ts";

const folder = new URL("../../src/runtime/wasm/", import.meta.url);

Deno.test("the .wasm files are what build_kernels.ts writes, byte for byte", async () => {
  const files = buildKernels();
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".wasm") && name !== "jpeg.wasm"); // Not ours.
  assert.deepEqual(names.sort(), [...files.keys()].sort());
  for (const [name, bytes] of files) {
    const committed = await Deno.readFile(new URL(name, folder));
    assert.ok(
      committed.length === bytes.length &&
        committed.every((byte, i) => byte === bytes[i]),
      `${name}: run scripts/build_kernels.ts`,
    );
  }
});

Deno.test("SHA256SUMS has the hash of every committed .wasm file", async () => {
  const committed = await Deno.readTextFile(new URL("SHA256SUMS", folder));
  const names = [...committed.matchAll(/^[0-9a-f]{64} {2}(.+)$/gm)]
    .map(([, name]) => name);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of names) {
    files.set(name, await Deno.readFile(new URL(name, folder)));
  }
  assert.equal(committed, await checksums(files));
  assert.deepEqual(names.sort(), [...buildKernels().keys()].sort());
});

Deno.test("the .wasm files are small, import only a memory, and have no data", () => {
  const dataSection = 11;
  for (const [name, bytes] of buildKernels()) {
    assert.ok(bytes.length < 64 * 1024, `${name}: ${bytes.length} bytes`);
    const module = new WebAssembly.Module(bytes);
    assert.deepEqual(WebAssembly.Module.imports(module), [
      { module: "env", name: "memory", kind: "memory" },
    ]);
    const exported = WebAssembly.Module.exports(module);
    assert.deepEqual(
      exported.map(({ name }) => name).sort(),
      name === "resize.wasm"
        ? ["horizontal", "vertical"]
        : [...taskNames].sort(),
    );
    assert.ok(!sectionsOf(bytes).includes(dataSection), name);
  }
});

function sectionsOf(bytes: Uint8Array): number[] {
  const ids = [];
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++]);
    let length = 0, shift = 0, byte;
    do {
      byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    at += length;
  }
  return ids;
}
