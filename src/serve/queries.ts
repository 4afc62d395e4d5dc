/**
 * Tasks as the URL and `Accept` of a request describe them.
 *
 * @module
 */

// @ts-types="npm:@types/negotiator@0.6.5"
import Negotiator from "negotiator";
import { poolings } from "../arch/pooling.ts";
import {
  either,
  expected,
  requireInteger,
  requireOneOf,
} from "../errors/expected.ts";
import { nearest } from "../errors/nearest.ts";
import { featureTypes } from "./encode_features.ts";
import type { EngineInfo } from "./engine.ts";
import { Problem } from "./problem.ts";
import type {
  AnomalyTask,
  ClassifyTask,
  FeatureFormat,
  FeaturesTask,
  PictureTask,
  Task,
} from "./task.ts";

/** The parameter of every path that takes pictures. */
const orientation = "exifOrientation";

/** A task without its pictures. */
export type Query<T extends Task = Task> = T extends Task ? Omit<T, "pictures">
  : never;

/**
 * Reads the query of a request.
 *
 * @throws {Problem} 400, 406 or 422.
 */
export type QueryReader = (request: Request, info: EngineInfo) => Query;

/** `POST /features`. */
export function featuresQuery(
  request: Request,
  info: EngineInfo,
): Query<FeaturesTask> {
  const given = parameters(request, ["layer", "pool", orientation]);
  const layers = (given.get("layer") ?? info.outputLayer).split(",");
  for (const layer of layers) requireLayer(layer, info);
  const pool = oneOf(given, "pool", poolings);
  const names = new Set(layers);
  const { npy: _, ...many } = featureTypes;
  const types: Partial<Record<FeatureFormat, string>> = names.size === 1
    ? featureTypes
    : many;
  const format = negotiate(request, types);
  return {
    kind: "features",
    ...{ layers: [...names], pool, format },
    exifOrientation: yesOrNo(given, orientation),
  };
}

/** `POST /classify`. */
export function classifyQuery(
  request: Request,
  { arch, outputLayer, classes }: EngineInfo,
): Query<ClassifyTask> {
  const given = parameters(request, ["top", orientation]);
  const top = integer(given, "top") ?? 5;
  negotiate(request, { json: "application/json" });
  const exifOrientation = yesOrNo(given, orientation);
  if (classes > 0) return { kind: "classify", top, exifOrientation };
  throw new Problem(
    422,
    `${arch} can't classify: it ends with "${outputLayer}", ` +
      "without a classification head (fc)",
  );
}

/** `POST /picture`. */
export function pictureQuery(
  request: Request,
  info: EngineInfo,
): Query<PictureTask> {
  const given = parameters(request, [
    ...["layer", "maps", "strongest"],
    ...["scale", "labels", orientation],
  ]);
  const layer = given.get("layer") ?? info.outputLayer;
  const shape = requireLayer(layer, info);
  if (shape.length !== 3) {
    throw new Problem(
      422,
      `"${layer}" has shape [${shape.join(", ")}]; ` +
        "only a layer of shape [C, H, W] can be drawn",
    );
  }
  negotiate(request, { png: "image/png" });
  return {
    kind: "picture",
    layer,
    grid: {
      maps: integer(given, "maps"),
      strongest: integer(given, "strongest"),
      scale: given.has("scale")
        ? oneOf(given, "scale", ["each", "all"])
        : undefined,
      labels: yesOrNo(given, "labels"),
    },
    exifOrientation: yesOrNo(given, orientation),
  };
}

/** `POST /anomaly`. */
export function anomalyQuery(
  request: Request,
  { hasBank }: EngineInfo,
): Query<AnomalyTask> {
  const given = parameters(request, ["quantile"]);
  const quantile = Number(given.get("quantile") ?? 1);
  if (!(quantile >= 0 && quantile <= 1)) {
    throw new Problem(
      400,
      expected("quantile", "a number from 0 to 1", given.get("quantile")),
    );
  }
  const types = { json: "application/json", png: "image/png" } as const;
  const format = negotiate(request, types);
  if (hasBank) return { kind: "anomaly", format, quantile };
  throw new Problem(
    422,
    "this server has no bank of good pictures; start it with one " +
      "(layertap serve --bank bank.npz)",
  );
}

/** `GET /summary`. */
export function summaryQuery(request: Request) {
  const given = parameters(request, ["style"]);
  return {
    style: oneOf(given, "style", ["torchsummary", "torchinfo"]),
    type: negotiate(request, { text: "text/plain", json: "application/json" }),
  };
}

/**
 * The type that the client prefers; the first one if it has no preference.
 *
 * @param types By their names here.
 * @throws {Problem} 406 if it accepts none of them.
 */
function negotiate<Name extends string>(
  request: Request,
  types: Readonly<Partial<Record<Name, string>>>,
): Name {
  const accept = request.headers.get("accept") || undefined;
  const all: string[] = Object.values(types);
  const best = new Negotiator({ headers: { accept } }).mediaType(all);
  const names = Object.keys(types) as Name[];
  const found = names.find((name) => types[name] === best);
  if (found) return found;
  throw new Problem(
    406,
    `${accept} is not available here; this path returns ${all.join(", ")}`,
  );
}

function parameters(
  request: Request,
  names: readonly string[],
): URLSearchParams {
  const given = new URL(request.url).searchParams;
  for (const name of given.keys()) {
    if (!names.includes(name)) {
      throw new Problem(
        400,
        `unknown parameter "${name}"; this path takes ${names.join(", ")}`,
      );
    }
    if (given.getAll(name).length > 1) {
      throw new Problem(400, `${name} is given twice`);
    }
  }
  return given;
}

function requireLayer(
  layer: string,
  { arch, layers, outputLayer }: EngineInfo,
): readonly number[] {
  const shape = layers.get(layer);
  if (shape) return shape;
  const near = nearest(layer.slice(0, 100), layers.keys());
  throw new Problem(
    400,
    `${arch} up to "${outputLayer}" has no layer "${layer}"; ` +
      `did you mean ${either(near)}?`,
  );
}

/** One of a few values; by default the first. */
function oneOf<const T extends string>(
  given: URLSearchParams,
  name: string,
  values: readonly [T, ...T[]],
): T {
  const value = given.get(name) ?? values[0];
  return checked(() => requireOneOf(name, value, values));
}

function yesOrNo(given: URLSearchParams, name: string): boolean | undefined {
  if (!given.has(name)) return undefined;
  return oneOf(given, name, ["no", "yes"]) === "yes";
}

function integer(given: URLSearchParams, name: string): number | undefined {
  const text = given.get(name);
  if (text === null) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : text;
  return checked(() => requireInteger(name, value, 1));
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Problem(400, (error as Error).message);
  }
}
