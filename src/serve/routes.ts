/**
 * The paths, and what each answers.
 *
 * @module
 */

import { deadline, untilAborted } from "./deadline.ts";
import { type Answer, deliver } from "./deliver.ts";
import type { EngineInfo } from "./engine.ts";
import type { Gate } from "./gate.ts";
import type { Timings } from "./log.ts";
import { openApi } from "./openapi.ts";
import type { Settings } from "./options.ts";
import { readPictures } from "./pictures.ts";
import { Problem } from "./problem.ts";
import {
  classifyWish,
  featuresWish,
  pictureWish,
  summaryWish,
  type WishReader,
} from "./requests.ts";
import type { Service } from "./service.ts";
import type { Task } from "./task.ts";

/** What answers a request is told. */
export interface Context {
  readonly request: Request;
  readonly settings: Settings;
  readonly service: Service;
  readonly gate: Gate;
  readonly timings: Timings;
}

/** Answers a request, or throws a {@linkcode Problem}. */
export type Route = (context: Context) => Response | Promise<Response>;

/** By path and method. */
export const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> =
  {
    "/features": { POST: (context) => compute(context, featuresWish) },
    "/classify": { POST: (context) => compute(context, classifyWish) },
    "/picture": { POST: (context) => compute(context, pictureWish) },
    "/summary": { GET: summary },
    "/healthz": { GET: health },
    "/openapi.json": { GET: () => Response.json(openApi) },
  };

/** Lets the network run on the pictures that the request brings. */
async function compute(
  context: Context,
  readWish: WishReader,
): Promise<Response> {
  const { gate, settings } = context;
  const inside = gate.enter();
  try {
    const outcome = await outcomeOf(context, readWish);
    return deliver(outcome, settings.limits.seconds, inside);
  } catch (error) {
    inside[Symbol.dispose]();
    throw error;
  }
}

async function outcomeOf(
  { request, settings, service, timings }: Context,
  readWish: WishReader,
): Promise<Answer> {
  const { seconds, answerBytes } = settings.limits;
  using time = deadline(
    seconds,
    () =>
      new Problem(504, `there is no answer within ${seconds} seconds`, {
        "retry-after": service.retryAfter,
      }),
    request.signal,
  );
  const { signal } = time;
  const info = await infoOf(service, signal);
  const wish = readWish(request, info);
  const pictures = await timings.measure(
    "body",
    readPictures(request, settings, signal),
  );
  if (wish.kind === "picture" && pictures.length > 1) {
    throw new Problem(422, `got ${pictures.length} pictures: one can be drawn`);
  }
  const task = { ...wish, pictures };
  requireSmall(task, info, answerBytes);
  const { outcome, timings: parts } = await service.submit(task, signal);
  for (const [name, ms] of Object.entries(parts)) timings.add(name, ms);
  if ("body" in outcome) return outcome;
  const { status, detail } = outcome;
  if (status === 500) throw new Error(detail);
  throw new Problem(status, detail);
}

/** @throws {Problem} 422 if a task asks for more values than one answer may have. */
function requireSmall(task: Task, { layers }: EngineInfo, most: number): void {
  if (task.kind !== "features") return;
  const values = task.layers.reduce((sum, layer) => {
    const [channels, height = 1, width = 1] = layers.get(layer)!;
    return sum + channels * (task.pool === "none" ? height * width : 1);
  }, 0);
  const bytes = 4 * values * task.pictures.length;
  if (bytes <= most) return;
  throw new Problem(
    422,
    `these are ${bytes} bytes of features: ${most} are allowed in one answer; ` +
      "pool, or ask for less at a time",
  );
}

async function summary(context: Context): Promise<Response> {
  const { style, type } = summaryWish(context.request);
  const info = await infoOf(context.service, context.request.signal);
  const { data, text } = info.summaries[style];
  return type === "json" ? Response.json(data) : new Response(`${text}\n`);
}

function health({ service, gate }: Context): Response {
  // Starts the network; who asks for it is told what is wrong.
  if (!gate.isClosed) service.info().catch(() => {});
  const state = service.state;
  const status = gate.isClosed ? "stopping" : state.status;
  return Response.json(
    { ...state, status, requests: gate.inside },
    { status: status === "ok" ? 200 : 503 },
  );
}

/** @throws {Problem} 503 if the network can't be had. */
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
