/**
 * What a request asks for, as far as its URL and `Accept` say it.
 *
 * @module
 */

// @ts-types="npm:@types/negotiator@0.6.5"
import Negotiator from "negotiator";
import { nearest } from "../errors/nearest.ts";
import { featureTypes } from "./encode_features.ts";
import type { EngineInfo } from "./engine.ts";
import { Problem } from "./problem.ts";
import type {
  ClassifyTask,
  FeatureFormat,
  FeaturesTask,
  PictureTask,
  Task,
} from "./task.ts";

/** A task that has no pictures yet. */
export type Wish<T extends Task = Task> = T extends Task ? Omit<T, "pictures">
  : never;

/** Reads what is asked for. It throws 400, 406 or 422. */
export type WishReader = (request: Request, info: EngineInfo) => Wish;

/** `POST /features`. */
export function featuresWish(
  request: Request,
  info: EngineInfo,
): Wish<FeaturesTask> {
  const query = queryOf(request, ["layer", "pool"]);
  const layers = (query.get("layer") ?? info.outputLayer).split(",");
  for (const layer of layers) requireLayer(layer, info);
  const pool = oneOf("pool", query.get("pool") ?? "none", [
    "none",
    "avg",
    "max",
  ]);
  const names = new Set(layers);
  const { npy: _, ...many } = featureTypes;
  const types: Partial<Record<FeatureFormat, string>> = names.size === 1
    ? featureTypes
    : many;
  const format = negotiate(request, types);
  return { kind: "features", layers: [...names], pool, format };
}

/** `POST /classify`. */
export function classifyWish(
  request: Request,
  { arch, outputLayer, classes }: EngineInfo,
): Wish<ClassifyTask> {
  const query = queryOf(request, ["top"]);
  const top = integer("top", query.get("top")) ?? 5;
  negotiate(request, { json: "application/json" });
  if (classes === 0) {
    throw new Problem(
      422,
      `${arch} can't classify here: it ends with "${outputLayer}", and has no head "fc"`,
    );
  }
  return { kind: "classify", top };
}

/** `POST /picture`. */
export function pictureWish(
  request: Request,
  info: EngineInfo,
): Wish<PictureTask> {
  const query = queryOf(request, [
    ...["layer", "maps", "strongest"],
    ...["scale", "labels"],
  ]);
  const layer = query.get("layer") ?? info.outputLayer;
  const shape = requireLayer(layer, info);
  if (shape.length !== 3) {
    throw new Problem(
      422,
      `"${layer}" is [${shape.join(", ")}]: a layer of [C, H, W] can be drawn`,
    );
  }
  negotiate(request, { png: "image/png" });
  return {
    kind: "picture",
    layer,
    grid: {
      maps: integer("maps", query.get("maps")),
      strongest: integer("strongest", query.get("strongest")),
      scale: oneOf("scale", query.get("scale") ?? "each", ["each", "all"]),
      labels:
        oneOf("labels", query.get("labels") ?? "no", ["yes", "no"]) === "yes",
    },
  };
}

/** `GET /summary`. */
export function summaryWish(request: Request) {
  const query = queryOf(request, ["style"]);
  const styles = ["torchsummary", "torchinfo"] as const;
  return {
    style: oneOf("style", query.get("style") ?? "torchsummary", styles),
    type: negotiate(request, { text: "text/plain", json: "application/json" }),
  };
}

/**
 * The first of the types that the client likes best.
 *
 * @param types By their names here.
 * @throws {Problem} 406 if it likes none.
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
  throw new Problem(406, `accepted is ${accept}: there is ${all.join(", ")}`);
}

function queryOf(
  request: Request,
  allowed: readonly string[],
): URLSearchParams {
  const query = new URL(request.url).searchParams;
  for (const name of query.keys()) {
    if (!allowed.includes(name)) {
      throw new Problem(
        400,
        `unknown parameter "${name}": ${allowed.join(", ")} are allowed`,
      );
    }
    if (query.getAll(name).length > 1) {
      throw new Problem(400, `${name} is given twice`);
    }
  }
  return query;
}

function requireLayer(layer: string, { layers, arch }: EngineInfo) {
  const shape = layers.get(layer);
  if (shape) return shape;
  const near = nearest(layer.slice(0, 100), layers.keys()).join(", ");
  throw new Problem(
    400,
    `no layer "${layer}" in ${arch} up to its cut: the nearest are ${near}`,
  );
}

function oneOf<const T extends string>(
  name: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((other) => other === value);
  if (found) return found;
  throw new Problem(
    400,
    `${name} is "${value}": ${allowed.join(", ")} are allowed`,
  );
}

function integer(name: string, value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new Problem(400, `${name} is "${value}": integers from 1 are allowed`);
}
