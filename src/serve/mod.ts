/**
 * A network behind HTTP: one function from `Request` to `Response`, for every runtime that has
 * these.
 *
 * ```ts ignore
 * import { createHandler } from "@layertap/resnet/serve";
 *
 * export default { fetch: createHandler({ arch: "resnet50" }) };
 * ```
 *
 * @module
 */

export { createHandler, type Handler } from "./create_handler.ts";
export type { HandlerOptions, Limits } from "./options.ts";
export type { LogEntry } from "./log.ts";
