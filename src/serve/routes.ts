/**
 * The paths and their answers.
 *
 * @module
 */

import "../runtime/dispose.ts";
import { pooledLength } from "../arch/pooling.ts";
import { deliver } from "./deliver.ts";
import type { Answer, EngineInfo } from "./engine.ts";
import type { Gate } from "./gate.ts";
import type { Timings } from "./log.ts";
import { openApi } from "./openapi.ts";
import type { Settings } from "./options.ts";
import { readPictures } from "./pictures.ts";
import { Problem } from "./problem.ts";
import {
  anomalyQuery,
  classifyQuery,
  featuresQuery,
  pictureQuery,
  type QueryReader,
  summaryQuery,
} from "./queries.ts";
import type { Service } from "./service.ts";
import type { Task } from "./task.ts";
import { untilAborted, withinSeconds } from "./time_limit.ts";

/** A request, and what is needed to answer it. */
export interface Context {
  readonly request: Request;
  readonly settings: Settings;
  readonly service: Service;
  readonly gate: Gate;
  readonly timings: Timings;
}

/** Answers a request, or throws a {@linkcode Problem}. */
export type Route = (context: Context) => Response | Promise<Response>;

/** Routes by path and method. */
export const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> =
  {
    "/features": { POST: (context) => compute(context, featuresQuery) },
    "/classify": { POST: (context) => compute(context, classifyQuery) },
    "/anomaly": { POST: (context) => compute(context, anomalyQuery) },
    "/picture": { POST: (context) => compute(context, pictureQuery) },
    "/summary": { GET: summary },
    "/healthz": { GET: health },
    "/openapi.json": { GET: () => Response.json(openApi) },
  };

/** Runs the network on the pictures of a request. */
async function compute(
  context: Context,
  readQuery: QueryReader,
): Promise<Response> {
  const { gate, settings } = context;
  const inside = gate.enter();
  try {
    const answer = await answerTo(context, readQuery);
    return deliver(answer, settings.limits.seconds, inside);
  } catch (error) {
    inside[Symbol.dispose]();
    throw error;
  }
}

async function answerTo(
  { request, settings, service, timings }: Context,
  readQuery: QueryReader,
): Promise<Answer> {
  const { signal } = request;
  const { seconds, answerBytes } = settings.limits;
  // The body has a time limit of its own.
  const inTime = <T>(work: (signal: AbortSignal) => Promise<T>) =>
    withinSeconds(
      seconds,
      () =>
        new Problem(504, `no answer within ${seconds} seconds`, {
          "retry-after": service.retryAfter,
        }),
      signal,
      work,
    );
  const info = await inTime((signal) => infoOf(service, signal));
  const query = readQuery(request, info);
  const pictures = await timings.measure(
    "body",
    readPictures(request, settings, signal),
  );
  const draws = query.kind === "picture" ||
    query.kind === "anomaly" && query.format === "png";
  if (draws && pictures.length > 1) {
    throw new Problem(
      422,
      `got ${pictures.length} pictures; /${query.kind} draws only one`,
    );
  }
  const task = { ...query, pictures };
  requireSmall(task, info, answerBytes);
  const { outcome, timings: parts } = await inTime((signal) =>
    service.submit(task, signal)
  );
  for (const [name, ms] of Object.entries(parts)) timings.add(name, ms);
  if ("body" in outcome) return outcome;
  const { status, detail, isPublic } = outcome;
  if (status === 500 && !isPublic) throw new Error(detail);
  throw new Problem(status, detail);
}

/** @throws {Problem} 422 if the features don't fit in one answer. */
function requireSmall(task: Task, { layers }: EngineInfo, most: number): void {
  if (task.kind !== "features") return;
  const values = task.layers.reduce((sum, layer) => {
    const [channels, height = 1, width = 1] = layers.get(layer)!;
    return sum +
      (task.pool === "none"
        ? channels * height * width
        : pooledLength(channels, task.pool));
  }, 0);
  const bytes = 4 * values * task.pictures.length;
  if (bytes <= most) return;
  throw new Problem(
    422,
    `the features have ${bytes} bytes; the limit is ${most} bytes; ` +
      "pool them, or ask for less at a time",
  );
}

async function summary(context: Context): Promise<Response> {
  const { style, type } = summaryQuery(context.request);
  const info = await infoOf(context.service, context.request.signal);
  const { data, text } = info.summaries[style];
  return type === "json" ? Response.json(data) : new Response(`${text}\n`);
}

function health({ service, gate }: Context): Response {
  // Starts the network; a failure is reported to requests that need it.
  if (!gate.isClosed) service.info().catch(() => {});
  const state = service.state;
  const status = gate.isClosed ? "stopping" : state.status;
  return Response.json(
    { ...state, status, requests: gate.inside },
    { status: status === "ok" ? 200 : 503 },
  );
}

/** @throws {Problem} 503 if the network can't be loaded. */
async function infoOf(
  service: Service,
  signal: AbortSignal,
): Promise<EngineInfo> {
  try {
    return await untilAborted(service.info(), signal);
  } catch (cause) {
    signal.throwIfAborted();
    const problem = new Problem(503, "the network can't be loaded", {
      "retry-after": "5",
    });
    problem.cause = cause;
    throw problem;
  }
}
