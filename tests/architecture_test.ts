/** The house keeps its shape: which folder may import which, and what an import of mod.ts costs. */

import assert from "node:assert/strict";

/** What each folder of `src/` imports from; it may also import whatever those reach. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  cli: ["serve", "worker", "compare"],
  serve: ["anomaly", "maps"],
  worker: ["extract"],
  extract: ["fit", "image", "tables"],
  compare: ["extract", "drawing"],
  anomaly: ["extract", "drawing"],
  maps: ["model", "drawing"],
  fit: ["model"],
  model: ["backend", "graph", "image", "summary", "weights"],
  summary: ["graph", "arch"],
  graph: ["kernels", "arch"],
  kernels: ["arch"],
  backend: [],
  weights: ["formats", "arch"],
  tables: ["formats"],
  drawing: ["image", "formats"],
  image: ["arch", "formats"],
  formats: [],
  arch: [],
  runtime: [],
  errors: [],
};

/** Folders that every other may import. */
const common = ["runtime", "errors"];

/** Folders that run without tfjs. */
const tensorless = [
  ...["weights", "tables", "drawing", "image", "formats", "arch"],
  ...common,
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

const files = await Array.fromAsync(sources());

const folderOf = (path: string) => path.slice(0, path.indexOf("/"));

/** A folder and all that its arrows reach. */
function reachable(folder: string): Set<string> {
  const reached = new Set([folder]);
  for (const each of reached) arrows[each].forEach((to) => reached.add(to));
  return reached;
}

/** Specifiers of static and dynamic imports. */
function importsOf(code: string): string[] {
  const uncommented = code.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  return [...uncommented.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)]
    .map(([, specifier]) => specifier);
}

/** The files of `src/` that a file imports. */
function importedFiles({ path, code }: { path: string; code: string }) {
  return importsOf(code)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => new URL(specifier, new URL(path, root)).href)
    .filter((href) => href.startsWith(root.href))
    .map((href) => href.slice(root.href.length));
}

Deno.test("src/ has no loose files, and each folder its arrows", () => {
  assert(files.length > 200, `only ${files.length} files were found`);
  const folders = new Set(files.map(({ path }) => folderOf(path)));
  assert.deepEqual([...folders].sort(), Object.keys(arrows).sort());
});

Deno.test("folders import only what their arrows reach", () => {
  const made = new Set<string>();
  for (const file of files) {
    const folder = folderOf(file.path);
    const allowed = reachable(folder);
    common.forEach((name) => allowed.add(name));
    for (const target of importedFiles(file).map(folderOf)) {
      made.add(`${folder} -> ${target}`);
      assert(allowed.has(target), `${file.path} imports from ${target}/`);
    }
    if (!tensorless.includes(folder)) continue;
    const tensors = importsOf(file.code).find((s) => s.includes("tensorflow"));
    assert.equal(tensors, undefined, `${file.path} imports ${tensors}`);
  }
  const unused = Object.entries(arrows)
    .flatMap(([from, to]) => to.map((name) => `${from} -> ${name}`))
    .filter((arrow) => !made.has(arrow));
  assert.deepEqual(unused, [], "arrows that no import makes");
});

Deno.test("files import each other in no circle", () => {
  const imports = new Map(files.map((f) => [f.path, importedFiles(f)]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) assert.fail(`a circle: ${trail.slice(at).join(" -> ")}`);
    if (finished.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
});

/** What a file's code, not its comments, says of where it runs: globals and built-in modules. */
function runtimeNamesIn({ path, code }: { path: string; code: string }) {
  const create = (context: Deno.lint.RuleContext): Deno.lint.LintVisitor => {
    const report = (node: Deno.lint.Node, text: string) => {
      const found = /^(Deno|process|navigator|node:.*)$|"node:.*?"/.exec(text);
      if (found) context.report({ node, message: found[0] });
    };
    return {
      Identifier: (node) => report(node, node.name),
      Literal: (node) => report(node, String(node.value)),
      TemplateElement: (node) => report(node, node.raw),
    };
  };
  const plugin = { name: "house", rules: { runtime: { create } } };
  return Deno.lint.runPlugin(plugin, path, code).map(({ message }) => message);
}

Deno.test("only runtime/ and cli/ ask where the code runs", () => {
  const withFiles = ["extract", "worker", "weights"];
  const fileModules = ["node:fs", "node:fs/promises"];
  for (const file of files) {
    const folder = folderOf(file.path);
    if (folder === "runtime" || folder === "cli") continue;
    const names = runtimeNamesIn(file).filter((name) =>
      !(withFiles.includes(folder) && fileModules.includes(name))
    );
    assert.deepEqual(names, [], file.path);
    assert(!importedFiles(file).includes("runtime/which.ts"), file.path);
  }
});

Deno.test("no source file has more than 400 lines", () => {
  for (const { path, code } of files) {
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
  assert(
    ![...seen].some((s) =>
      /backend-wasm|categories|src\/(cli|anomaly)/.test(s)
    ),
  );
});
