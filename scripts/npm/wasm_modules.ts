/**
 * WebAssembly that loads without source-phase imports, which only Deno has.
 *
 * @module
 */

import { exists, wasmFiles } from "../wasm_files.ts";
import { type Files, put, text } from "./files.ts";

const folder = "src/runtime/wasm/";

/** The module that loads WebAssembly, and the list that Deno's has. */
const load = `${folder}load.js`;
const sources = `${folder}sources.js`;

/** Whether older engines can't parse a file, which only Deno loads. */
export function isForDeno(name: string): boolean {
  return name === sources;
}

/** workerd has no threads and no shared memory, but always has SIMD. */
const unusedInWorkers = /Shared|Threaded|tfjsPlain/;

/**
 * Writes a sibling of the module that loads WebAssembly for every kind of runtime, and puts the
 * `.wasm` files of other packages beside it, since bundlers don't follow URLs into dependencies.
 *
 * @returns The entry of `imports` in `package.json` that chooses between the siblings.
 */
export async function splitByRuntime(
  files: Files,
): Promise<Record<string, Record<string, string>>> {
  const all = [];
  for (const found of await wasmFiles()) {
    if (!await exists(found.url)) continue;
    all.push(found);
    files.set(folder + found.file, await Deno.readFile(found.url));
  }
  /** A module with a function for each file. */
  const code = (ways: readonly [name: string, code: string][]) =>
    `const ways = {
${ways.map(([name, code]) => `  ${name}: ${code},\n`).join("")}};

export async function load(name) {
  if (!ways[name]) throw new Error(\`\${name} isn't in this package\`);
  return await ways[name]();
}
`;
  const siblings = {
    deno: text(files, load),
    workerd: code(
      all.filter(({ name }) => !unusedInWorkers.test(name)).map((
        { name, file },
      ) => [name, `async () => (await import("./${file}")).default`]),
    ),
    default: `import { compileBeside } from "../beside.js";\n\n` +
      code(all.map(({ name, file }) => [
        name,
        `() => compileBeside(() => new URL("./${file}", import.meta.url))`,
      ])),
  };
  const stem = load.replace(/\.js$/, "");
  for (const [kind, content] of Object.entries(siblings)) {
    put(files, `${stem}.${kind}.js`, content);
  }
  put(files, load, `export * from "#${stem}";\n`);
  return {
    [`#${stem}`]: Object.fromEntries(
      Object.keys(siblings).map((kind) => [kind, `./${stem}.${kind}.js`]),
    ),
  };
}
