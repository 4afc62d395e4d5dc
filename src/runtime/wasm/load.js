// @ts-self-types="./load.d.ts"
// How Deno loads WebAssembly, without a permission. The npm package and bundles replace this module.

/** For Deno before 2.6, which parses no source-phase imports. Made by `deno task build:bytes`. */
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
    return await compileBytes(name, cause);
  }
  return await sources[name]();
}

async function compileBytes(name, cause) {
  const { default: url } = await urls[name]().catch(() => {
    const message = `this Deno has no source-phase imports; use Deno 2.6 or ` +
      `later, or run deno task build:bytes`;
    throw new Error(message, { cause });
  });
  const { body } = await fetch(url); // A data URL takes no permission.
  const bytes = body.pipeThrough(new DecompressionStream("gzip"));
  return await WebAssembly.compile(await new Response(bytes).arrayBuffer());
}
