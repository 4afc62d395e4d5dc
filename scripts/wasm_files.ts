/**
 * The `.wasm` files that this package loads, read from `src/runtime/wasm/sources.js`.
 *
 * @module
 */

/** The folder of our own files, and of the modules that load them. */
export const wasmFolder = new URL("../src/runtime/wasm/", import.meta.url);

/** A file, and what loads it. */
export interface WasmFile {
  /** Its name for `load`. */
  readonly name: string;
  /** Its file name in a package or bundle, unique among all. */
  readonly file: string;
  /** Where it is: of the package itself, or in Deno's cache. */
  readonly url: URL;
  /** Whether it is another package's. */
  readonly isForeign: boolean;
}

/**
 * All files, in the order of the list. Of the package itself, a clone may lack `jpeg.wasm`.
 *
 * @throws {Error} If the list isn't understood.
 */
export async function wasmFiles(): Promise<WasmFile[]> {
  const list = new URL("sources.js", wasmFolder);
  const { success, stderr } = await new Deno.Command("deno", {
    args: ["cache", "--quiet", list.href], // So that `import.meta.resolve` finds them.
    cwd: new URL("../", import.meta.url),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const text = await Deno.readTextFile(list);
  const files = [...text.matchAll(
    /export const (\w+) = \(\) =>\s*import\.source\(\s*"([^"]+)"\s*\);/g,
  )].map(([, name, specifier]) => {
    const isForeign = !specifier.startsWith("./");
    const url = isForeign
      ? new URL(import.meta.resolve(specifier))
      : new URL(specifier, wasmFolder);
    const base = specifier.slice(specifier.lastIndexOf("/") + 1);
    // Next.js rejects a copy beside the other package's own file of that name and content.
    const file = isForeign ? `copy_${base}` : base;
    return { name, file, url, isForeign };
  });
  const count = text.split("import.source(").length - 1;
  if (
    files.length !== count || new Set(files.map((f) => f.file)).size !== count
  ) {
    throw new Error(`${list}: ${files.length} of ${count} files understood`);
  }
  return files;
}

/** Whether a file exists. */
export async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}
