/**
 * Serves a folder on this machine, with the headers that threads need:
 * `deno run --allow-read=FOLDER --allow-net=127.0.0.1 serve.ts FOLDER [--port 8000]`.
 *
 * @module
 */

import { extname, join } from "node:path";
import { parseArgs } from "node:util";

const contentTypes: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".wasm": "application/wasm",
};

/** With these headers, a page may share memory with its workers. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Options of the server. */
export interface ServeOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Whether pages are isolated, so that they may use threads. Default true. */
  readonly isolated?: boolean;
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves a folder on the loopback interface. */
export function serveFolder(
  folder: string,
  { port = 0, isolated = true, headers }: ServeOptions = {},
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port, onListen() {} },
    async ({ method, url }) => {
      if (method !== "GET" && method !== "HEAD") {
        return new Response(null, { status: 405, headers: { allow: "GET" } });
      }
      try {
        const path = decodeURIComponent(new URL(url).pathname);
        const file = path.endsWith("/") ? `${path}index.html` : path;
        // An escaped slash would lead out of the folder.
        if (file.split(/[\\/]/).includes("..")) throw new Error(file);
        return new Response(await Deno.readFile(join(folder, file)), {
          headers: {
            "content-type": contentTypes[extname(file)] ??
              "application/octet-stream",
            "cache-control": "no-cache",
            ...isolated ? isolation : {},
            ...headers,
          },
        });
      } catch {
        return new Response("not found", { status: 404 });
      }
    },
  );
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    options: { port: { type: "string", default: "8000" } },
    allowPositionals: true,
  });
  const port = Number(values.port);
  try {
    const { addr } = serveFolder(positionals[0], { port });
    console.log(`http://127.0.0.1:${addr.port}/ (Ctrl+C to stop)`);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(`port ${port} is taken; choose another with --port`);
    Deno.exit(1);
  }
}
