// stock: no, nothing runs
/** What a page downloads has a ceiling, about 5 % above today's size. Raise one only on purpose. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { bundleForBrowser } from "../../scripts/bundle_browser.ts";

/** Bytes, gzip, by what needs them. */
const ceilings = {
  "the entry's WebAssembly": [165_000, [
    ...["copy_tfjs-backend-wasm-threaded-simd.wasm", "relaxed_shared.wasm"],
    "resize.wasm",
  ]],
  "JPEG": [87_600, ["jpeg.wasm"]], // Only after `deno task build:jpeg`.
  "JPEG, without SIMD": [55_800, ["copy_jpeg-turbo.wasm"]],
  "PNG": [90_000, ["copy_squoosh_png_bg.wasm"]],
  "WebP": [52_500, ["copy_webp_dec.wasm"]],
} as const;
const scriptCeiling = 130_000;

/** A module and all that it imports before it runs. */
async function closure(folder: string, name: string): Promise<Set<string>> {
  const found = new Set([name]);
  for (const name of found) {
    const text = await Deno.readTextFile(`${folder}/${name}`);
    const imports = text.matchAll(/\b(?:from|import)\s*"\.\/([^"]+\.js)"/g);
    for (const [, imported] of imports) found.add(imported);
  }
  return found;
}

Deno.test("what a page downloads stays below its ceilings", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const entry = new URL(
      "../../scripts/npm/page/layertap.ts",
      import.meta.url,
    );
    await bundleForBrowser([entry], folder, "../weights/");
    const size = async (names: Iterable<string>) => {
      let sum = 0;
      for (const name of names) {
        sum += gzipSync(await Deno.readFile(`${folder}/${name}`)).length;
      }
      return sum;
    };
    const requireBelow = (what: string, bytes: number, ceiling: number) =>
      assert(bytes < ceiling, `${what}: ${bytes} of ${ceiling} bytes`);
    const scripts = await closure(folder, "layertap.js");
    assert(scripts.size > 1, "the entry has chunks");
    const bytes = await size(scripts);
    assert(bytes > scriptCeiling / 2, `the entry has only ${bytes} bytes`);
    requireBelow("the entry's JavaScript", bytes, scriptCeiling);
    const files = (await Array.fromAsync(Deno.readDir(folder)))
      .map(({ name }) => name);
    for (const [what, [ceiling, names]] of Object.entries(ceilings)) {
      const found = names.filter((name) => files.includes(name));
      assert(found.length === names.length || what === "JPEG", what);
      requireBelow(what, await size(found), ceiling);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
