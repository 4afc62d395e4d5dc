/**
 * Prints the paths of some test files, for the tasks that run a part of the tests:
 *
 *     deno run --allow-read=. scripts/test_files.ts stock
 *     deno run --allow-read=. scripts/test_files.ts tools
 *
 * `stock` are the files that import the kernels, directly or not. A file that can't run on the stock
 * kernels says so in its first line: `// stock: no, <reason>`. `tools` are the files with tests that
 * need more than Deno, those of `tests/long` aside.
 *
 * @module
 */

/** Files of the project that a file imports statically, as paths from the root. */
async function importsOf(path: string): Promise<string[]> {
  const code = await Deno.readTextFile(path);
  return [...code.matchAll(/^(?:import|export|\}) [^;]*?"(\.[^"]+)"/gm)].map(
    ([, specifier]) => new URL(specifier, `file:///${path}`).pathname.slice(1),
  );
}

const imports = new Map<string, Promise<string[]>>();

/** All files that these import, themselves included. */
async function reached(path: string): Promise<Set<string>> {
  const paths = new Set([path]);
  for (const each of paths) {
    if (!/\.[jt]s$/.test(each)) continue;
    if (!imports.has(each)) imports.set(each, importsOf(each));
    for (const next of await imports.get(each)!) paths.add(next);
  }
  return paths;
}

async function* testsIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testsIn(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

const kinds: Record<string, (path: string) => Promise<boolean>> = {
  async stock(path) {
    const code = await Deno.readTextFile(path);
    if (code.startsWith("// stock: no, ")) return false;
    return [...await reached(path)].some((p) => p.startsWith("src/kernels/"));
  },
  async tools(path) {
    if (path.startsWith("tests/long/")) return false;
    return (await reached(path)).has("tests/support/needing.ts");
  },
};

const [kind] = Deno.args;
for (const path of (await Array.fromAsync(testsIn("tests"))).sort()) {
  if (await kinds[kind](path)) console.log(path);
}
