// @ts-self-types="./load.d.ts"
// How Deno loads WebAssembly, without a permission. The npm package and bundles replace this module.

/**
 * For Deno before 2.6, which parses no source-phase imports, and where the files are missing: no
 * module graph has them, so `deno compile` and `deno cache` leave them out. Made by
 * `deno task build:bytes`.
 */
const urls = {
  tfjsThreadedSimd: () => import("./bytes/tfjsThreadedSimd.js"),
  tfjsSimd: () => import("./bytes/tfjsSimd.js"),
  tfjsPlain: () => import("./bytes/tfjsPlain.js"),
  kernelsRelaxed: () => import("./bytes/kernelsRelaxed.js"),
  kernelsRelaxedShared: () => import("./bytes/kernelsRelaxedShared.js"),
  kernelsPlain: () => import("./bytes/kernelsPlain.js"),
  kernelsPlainShared: () => import("./bytes/kernelsPlainShared.js"),
  jpegSimd: () => import("./bytes/jpegSimd.js"),
  jpeg: () => import("./bytes/jpeg.js"),
  png: () => import("./bytes/png.js"),
  webp: () => import("./bytes/webp.js"),
  resize: () => import("./bytes/resize.js"),
};

export async function load(name) {
  let sources;
  try {
    sources = await import("./sources.js");
  } catch (cause) { // It doesn't parse.
    const message = `this Deno has no source-phase imports; use Deno 2.6 or ` +
      `later, or run deno task build:bytes`;
    return await compileBytes(name, new Error(message, { cause }));
  }
  return await sources[name]().catch((error) => compileBytes(name, error));
}

/** @param error Why bytes are needed; thrown if there are none. */
async function compileBytes(name, error) {
  const { default: url } = await urls[name]().catch(() => {
    throw error;
  });
  const { body } = await fetch(url); // A data URL takes no permission.
  const bytes = body.pipeThrough(new DecompressionStream("gzip"));
  return await WebAssembly.compile(await new Response(bytes).arrayBuffer());
}
