/** The house keeps its shape: which folder may import which, and what an import of mod.ts costs. */

import assert from "node:assert/strict";

/** Folders of `src/` and those that each may import; the files in `src/` itself may import all. */
const allowed: Record<string, readonly string[]> = {
  commands: [
    ...["", "inputs", "vectors", "maps", "model"],
    ...["summary", "graph", "backend", "weights"],
    ...["output", "image", "formats", "arch", "messages"],
  ],
  serve: [
    ...["", "inputs", "maps", "model", "summary", "backend", "weights"],
    ...["output", "image", "formats", "arch", "messages"],
  ],
  worker: ["", "inputs", "model", "backend", "output", "formats"],
  inputs: ["model", "output", "image", "formats", "arch", "memory"],
  vectors: ["model", "output", "formats", "messages"],
  fit: ["model"],
  maps: ["model", "weights", "graph", "kernels", "output", "image", "messages"],
  model: [
    ...["summary", "graph", "kernels", "backend", "weights"],
    ...["output", "image", "arch", "messages", "memory"],
  ],
  summary: ["graph", "arch", "messages"],
  graph: ["kernels", "arch", "messages"],
  kernels: ["backend", "arch", "memory"],
  backend: [],
  weights: ["formats", "arch", "messages", "memory"],
  output: ["image", "formats", "messages"],
  image: ["formats", "arch", "memory"],
  formats: ["memory"],
  arch: ["messages"],
  messages: [],
  memory: [],
};

/** Folders that run without tfjs. */
const tensorless = [
  ...["weights", "output", "image", "formats", "arch", "messages", "memory"],
];

const root = new URL("../src/", import.meta.url);

async function* sources(
  folder = root,
): AsyncGenerator<{ path: string; code: string }> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, folder));
    else if (/\.(ts|js)$/.test(entry.name)) {
      const url = new URL(entry.name, folder);
      const path = url.href.slice(root.href.length);
      yield { path, code: await Deno.readTextFile(url) };
    }
  }
}

const folderOf = (path: string) =>
  path.includes("/") ? path.slice(0, path.indexOf("/")) : "";

/** Specifiers of static and dynamic imports. */
function importsOf(code: string): string[] {
  const uncommented = code.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  return [...uncommented.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)]
    .map(([, specifier]) => specifier);
}

Deno.test("the arrows between folders only point down", async () => {
  let files = 0;
  for await (const { path, code } of sources()) {
    files++;
    const folder = folderOf(path);
    if (folder) assert(folder in allowed, `${folder}/ has no place yet`);
    for (const specifier of importsOf(code)) {
      if (tensorless.includes(folder)) {
        assert(
          !specifier.includes("tensorflow"),
          `${path} imports ${specifier}`,
        );
      }
      if (!specifier.startsWith(".")) continue;
      const target = folderOf(
        new URL(specifier, new URL(path, root)).href.slice(root.href.length),
      );
      if (folder === "" || target === folder) continue;
      assert(allowed[folder].includes(target), `${path} imports ${specifier}`);
    }
  }
  assert(files > 40, `only ${files} files were found`);
});

Deno.test("no source file has more than 400 lines", async () => {
  for await (const { path, code } of sources()) {
    if (path.endsWith("imagenet_categories.ts")) continue; // A table.
    const lines = code.split("\n").length;
    assert(lines <= 400, `${path} has ${lines} lines`);
  }
});

Deno.test("importing mod.ts loads nothing heavy", async () => {
  const { stdout } = await new Deno.Command("deno", {
    args: ["info", "--json", "mod.ts"],
    cwd: new URL("..", root),
  }).output();
  interface Module {
    specifier: string;
    dependencies?: {
      isDynamic?: boolean;
      code?: { specifier: string };
    }[];
  }
  const { roots, modules }: { roots: string[]; modules: Module[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const bySpecifier = new Map(modules.map((m) => [m.specifier, m]));
  const seen = new Set(roots);
  for (const specifier of seen) {
    for (
      const { isDynamic, code } of bySpecifier.get(specifier)?.dependencies ??
        []
    ) {
      if (!isDynamic && code) seen.add(code.specifier);
    }
  }
  const packages = [...seen].flatMap((s) =>
    /^npm:\/?(@?[^@]+)/.exec(s)?.[1] ?? []
  );
  assert.deepEqual(packages.sort(), [
    "@tensorflow/tfjs-core",
    "fastest-levenshtein",
  ]);
  assert(![...seen].some((s) => /backend-wasm|categories|src\/cli/.test(s)));
});
