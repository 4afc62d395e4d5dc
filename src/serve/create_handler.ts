/**
 * One function from `Request` to `Response`.
 *
 * @module
 */

import { Gate } from "./gate.ts";
import { Timings } from "./log.ts";
import { type HandlerOptions, withDefaults } from "./options.ts";
import { EngineLostError } from "./engine.ts";
import { Problem } from "./problem.ts";
import { type Context, routes } from "./routes.ts";
import { Service } from "./service.ts";

/** Answers requests; what {@linkcode createHandler} makes. */
export interface Handler extends AsyncDisposable {
  /** Answers one. It never rejects: what goes wrong is an answer too. */
  (request: Request): Promise<Response>;
  /**
   * Loads the network now, rather than with the first request.
   *
   * @throws What `createModel` throws.
   */
  ready(): Promise<void>;
  /**
   * Stops: new requests get 503, those that were let in get their answers, then the network and its
   * worker are given up. Then have the server stop; a server that stops first may cut off bodies
   * that are on their way.
   */
  close(): Promise<void>;
}

/**
 * Makes a handler that serves one network: `POST /features`, `/classify` and `/picture`,
 * `GET /summary`, `/healthz` and `/openapi.json`. The last says what each takes and answers.
 *
 * Requests that wait together run as one batch. In Deno and Node the network runs in a worker. What
 * is wrong with a request is said in a problem body (RFC 9457); `Server-Timing` says where its time
 * went.
 *
 * @param options The network and the limits. Everything that starts is started with the first
 *   request, or by {@linkcode Handler.ready}.
 * @throws {RangeError | TypeError} If an option is out of bounds.
 *
 * @example Features of a picture, without a server
 * ```ts
 * import { createHandler } from "@layertap/resnet/serve";
 * import assert from "node:assert/strict";
 *
 * await using handler = createHandler({ outputLayer: "flatten", worker: false });
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
    const { method, url } = request;
    settings.log?.({
      time,
      method,
      path: URL.canParse(url) ? new URL(url).pathname : url,
      status: response.status,
      ms: timings.total,
      timings: timings.parts,
      error,
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

/** The answer, and for the log what is wrong if something is. */
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
    throw new Problem(400, "the URL and the host do not parse");
  }
  const { pathname } = new URL(url);
  const methods = Object.hasOwn(routes, pathname) ? routes[pathname] : null;
  if (!methods) {
    const paths = Object.keys(routes).join(", ");
    throw new Problem(404, `there is no ${pathname}: there are ${paths}`);
  }
  const isHead = method === "HEAD" && "GET" in methods;
  const known = isHead ? "GET" : method;
  if (!Object.hasOwn(methods, known)) {
    const allow = Object.keys(methods).join(", ");
    throw new Problem(405, `${pathname} takes ${allow}, not ${method}`, {
      allow,
    });
  }
  const response = await methods[known](context);
  if (!isHead) return response;
  const { status, headers } = response;
  return new Response(null, { status, headers });
}

function problemOf(error: unknown, { signal }: Request): Problem {
  if (error instanceof Problem) return error;
  const problem = signal.aborted
    ? new Problem(499, "the client has gone")
    : error instanceof EngineLostError
    ? new Problem(503, "the network was lost", { "retry-after": "1" })
    : new Problem(500, "something went wrong in the server");
  problem.cause = error;
  return problem;
}
