/** Bundles a module with the package into one file for Deno 2.1 and later: node bundle.mjs IN OUT */

import process from "node:process";
import { build } from "esbuild";

const [entry, outfile] = process.argv.slice(2);
await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  minify: true,
  format: "esm",
  conditions: ["deno"], // With WebAssembly's bytes as text.
  external: ["./sources.js", "node:*"], // esbuild doesn't parse source-phase imports.
  alias: { util: "node:util" }, // tfjs-core requires it.
  banner: {
    js: `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);`,
  },
});
