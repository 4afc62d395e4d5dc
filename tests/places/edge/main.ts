/**
 * A function for `edge-runtime`: answers with the outcome. Vercel imports compiled modules and
 * compiles none; here they are compiled first, and the compiler is then taken away.
 */

import { check } from "../check.ts";

/** Where the project is, with the contract's files. */
declare const origin: string;

async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`${origin}/${name}`);
  return new Uint8Array(await response.arrayBuffer());
}
const { compile } = WebAssembly;
const wasm = "node_modules/@layertap/resnet/src/runtime/wasm";
const module = async (name: string) =>
  await compile(await read(`${wasm}/${name}`));

async function outcome(): Promise<Response> {
  const modules = {
    backend: {
      simd: await module("copy_tfjs-backend-wasm-simd.wasm"),
      kernels: {
        relaxed: await module("relaxed.wasm"),
        plain: await module("plain.wasm"),
      },
    },
    decoders: {
      jpeg: await module("copy_jpeg-turbo.wasm"),
      png: await module("copy_squoosh_png_bg.wasm"),
      webp: await module("copy_webp_dec.wasm"),
      resize: await module("resize.wasm"),
    },
  };
  WebAssembly.compile = () =>
    Promise.reject(new Error("compiling is forbidden"));
  return Response.json(await check(read, { ships: false, modules }));
}

interface FetchEvent extends Event {
  respondWith(response: Promise<Response>): void;
}
addEventListener("fetch", (event) => {
  (event as FetchEvent).respondWith(outcome());
});
