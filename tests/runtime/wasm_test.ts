/** Loading WebAssembly where the engine parses no source-phase imports, or the files are missing. */

import assert from "node:assert/strict";
import { load, type WasmName } from "../../src/runtime/wasm/load.js";

const root = new URL("../..", import.meta.url);
const wasm = new URL("src/runtime/wasm/", root);

async function deno(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args,
    cwd: root,
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("bytes as text replace source-phase imports, without a permission", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await deno(
      ...["run", "--allow-read", "--allow-write", "--allow-run=deno"],
      ...["scripts/build_bytes.ts", folder],
    );
    const names: readonly WasmName[] = [
      ...["tfjsThreadedSimd", "tfjsSimd", "tfjsPlain"] as const,
      ...["kernelsPlain", "kernelsPlainShared"] as const,
      ...["kernelsRelaxed", "kernelsRelaxedShared"] as const,
      ...["jpeg", "png", "webp", "resize"] as const,
    ];
    await Deno.writeTextFile(
      `${folder}/main.js`,
      `import { load } from "${wasm}load.js";
       const found = {};
       for (const name of ${JSON.stringify(names)}) {
         found[name] = await load(name).then(
           (module) => WebAssembly.Module.exports(module),
           (error) => error.message,
         );
       }
       console.log(JSON.stringify(found));`,
    );
    // As before Deno 2.6, and as in an executable of `deno compile`.
    const withoutFiles = names.map((name) =>
      `export const ${name} = () => Promise.reject(new Error("no file"));`
    );
    for (
      const [sources, missing] of [
        [
          "import source x;",
          "this Deno has no source-phase imports; use Deno 2.6 or later, or run deno task build:bytes",
        ],
        [withoutFiles.join(""), "no file"],
      ]
    ) {
      await Deno.writeTextFile(
        `${folder}/import_map.json`,
        JSON.stringify({
          imports: {
            [`${wasm}sources.js`]: `data:text/javascript,${
              encodeURIComponent(sources)
            }`,
            [`${wasm}bytes/`]: `file://${folder}/`,
            [`${wasm}bytes/webp.js`]: `file://${folder}/missing.js`,
          },
        }),
      );
      const found = JSON.parse(
        await deno(
          ...["run", "--no-prompt", "--no-config", "--no-check"],
          ...["--import-map", `${folder}/import_map.json`, `${folder}/main.js`],
        ),
      );
      for (const name of names) {
        const want = name === "webp"
          ? missing
          : WebAssembly.Module.exports(await load(name));
        assert.deepEqual(found[name], want, name);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
