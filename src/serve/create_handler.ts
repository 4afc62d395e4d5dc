/**
 * The server as one function from `Request` to `Response`.
 *
 * @module
 */

import "../runtime/dispose.ts";
import { printableLines } from "../errors/printable.ts";
import { Gate } from "./gate.ts";
import { Timings } from "./log.ts";
import { type HandlerOptions, withDefaults } from "./options.ts";
import { EngineLostError } from "./engine.ts";
import { requireLoopback } from "./loopback.ts";
import { Problem } from "./problem.ts";
import { type Context, routes } from "./routes.ts";
import { Service } from "./service.ts";

/** Answers requests; {@linkcode createHandler} makes one. */
export interface Handler extends AsyncDisposable {
  /** Answers a request. It never rejects: errors become problem responses. */
  (request: Request): Promise<Response>;
  /**
   * Loads the network now instead of with the first request.
   *
   * @throws What `createModel` throws.
   */
  ready(): Promise<void>;
  /**
   * Stops: new requests get 503, and once those in progress are answered the network is freed. Stop
   * the server after that; otherwise it may cut off bodies that are still being sent.
   */
  close(): Promise<void>;
}

/**
 * Makes a handler that serves one network: `POST /features`, `/classify` and `/picture`,
 * `GET /summary`, `/healthz` and `/openapi.json`, which describes them.
 *
 * Requests that wait at the same time run as one batch. In Deno and Node the network runs in a separate
 * thread. Errors are problem responses (RFC 9457); the `Server-Timing` header has the time of each
 * stage.
 *
 * @param options The network and the limits. The network is loaded with the first request, or by
 *   {@linkcode Handler.ready}.
 * @throws {RangeError} If a limit or `batchSize` is out of bounds.
 * @throws {TypeError} If `allowedHosts` has anything but hosts.
 *
 * @example Features of a picture, without a server
 * ```ts
 * import { createHandler } from "@layertap/resnet/serve";
 * import assert from "node:assert/strict";
 *
 * await using handler = createHandler({ outputLayer: "flatten", thread: false });
 * const body = await Deno.readFile("examples/images/chelsea.png");
 * const response = await handler(
 *   new Request("http://localhost/features", { method: "POST", body }),
 * );
 * const { pictures: [{ features }] } = await response.json();
 * assert.equal(features.flatten.length, 512);
 * ```
 */
export function createHandler(options: HandlerOptions = {}): Handler {
  const settings = withDefaults(options);
  const service = new Service(settings);
  const gate = new Gate(settings.limits.requests, () => service.retryAfter);

  async function handle(request: Request): Promise<Response> {
    const time = new Date().toISOString();
    const timings = new Timings();
    const context = { request, settings, service, gate, timings };
    const { response, error } = await answer(context);
    response.headers.set("server-timing", timings.header);
    response.headers.set("x-content-type-options", "nosniff");
    const { method, url } = request;
    settings.log?.({
      time,
      method,
      path: URL.canParse(url) ? new URL(url).pathname : url,
      status: response.status,
      ms: timings.total,
      timings: timings.stages,
      error: error && printableLines(error),
    });
    return response;
  }

  const close = async () => {
    await gate.close();
    await service.close();
  };
  return Object.assign(handle, {
    ready: async () => void await service.info(),
    close,
    [Symbol.asyncDispose]: close,
  });
}

/** The response, and the error for the log. */
async function answer(
  context: Context,
): Promise<{ response: Response; error?: string }> {
  const { request } = context;
  try {
    return { response: await dispatch(context) };
  } catch (error) {
    const problem = problemOf(error, request);
    const { message } = (problem.cause ?? problem) as Error;
    return { response: problem.toResponse(), error: message };
  }
}

async function dispatch(context: Context): Promise<Response> {
  const { method, url } = context.request;
  if (!URL.canParse(url)) {
    throw new Problem(400, "the URL or the host header is invalid");
  }
  if (context.settings.onlyLoopback) requireLoopback(context.request);
  const { pathname } = new URL(url);
  const methods = Object.hasOwn(routes, pathname) ? routes[pathname] : null;
  if (!methods) {
    const paths = Object.keys(routes).join(", ");
    throw new Problem(404, `nothing at ${pathname}; the paths are ${paths}`);
  }
  const isHead = method === "HEAD" && "GET" in methods;
  const effective = isHead ? "GET" : method;
  if (!Object.hasOwn(methods, effective)) {
    const allow = Object.keys(methods).join(", ");
    throw new Problem(405, `${pathname} takes ${allow}, not ${method}`, {
      allow,
    });
  }
  const response = await methods[effective](context);
  if (!isHead) return response;
  const { status, headers } = response;
  return new Response(null, { status, headers });
}

function problemOf(error: unknown, { signal }: Request): Problem {
  if (error instanceof Problem) return error;
  const problem = signal.aborted
    ? new Problem(499, "the client disconnected")
    : error instanceof EngineLostError
    ? new Problem(503, "the network stopped; try again", { "retry-after": "1" })
    : new Problem(500, "internal error");
  problem.cause = error;
  return problem;
}
