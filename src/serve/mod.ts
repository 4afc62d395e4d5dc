/**
 * Serves a network over HTTP with one function from `Request` to `Response`, in every runtime that
 * has these.
 *
 * @example The server, and a request to it
 * ```ts
 * import { createHandler } from "@layertap/resnet/serve";
 * import assert from "node:assert/strict";
 *
 * const handler = createHandler({ outputLayer: "layer4", thread: false });
 * const server = { fetch: handler }; // For `deno serve` or Cloudflare: `export default server`.
 *
 * const response = await server.fetch(new Request("http://localhost/summary"));
 * assert.match(await response.text(), /Total params/);
 * await handler.close();
 * ```
 *
 * @module
 */

export { createHandler, type Handler } from "./create_handler.ts";
export type { HandlerOptions, Limits } from "./options.ts";
export type { LogEntry } from "./log.ts";
