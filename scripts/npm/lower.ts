/**
 * JavaScript for Node 20 and older browsers.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Files } from "./files.ts";

/** The hashes of esbuild and of its binaries for all platforms. */
const lock = fileURLToPath(new URL("esbuild.lock", import.meta.url));

/**
 * Rewrites `using` and other syntax that they don't parse.
 *
 * esbuild runs as a separate program with a lock of its own, since only this build needs it.
 *
 * @param names The files to rewrite.
 * @param args More arguments of esbuild.
 */
export async function lower(
  files: Files,
  names: readonly string[],
  args: readonly string[] = [],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of names) {
      const path = `${folder}/in/${name}`;
      const parent = path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(parent, { recursive: true });
      await Deno.writeFile(path, files.get(name)!);
    }
    const { success, stderr } = await new Deno.Command("deno", {
      args: [
        ...["run", "--no-config", `--lock=${lock}`, "--frozen"],
        ...["--allow-read", "--allow-write"],
        ...["--allow-env", "--allow-run", "npm:esbuild@0.28.2"],
        ...args,
        ...["--target=es2022", "--charset=utf8", "--outdir=out"],
        ...["--outbase=in", ...names.map((name) => `in/${name}`)],
      ],
      cwd: folder,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    for (const name of names) {
      files.set(name, await Deno.readFile(`${folder}/out/${name}`));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
