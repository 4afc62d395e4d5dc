import type { Comparison } from "../drawing/draw_comparison.ts";
import { expected, requireOneOf } from "../errors/expected.ts";
import type { Matrix } from "../fit/matrix.ts";
import { type CkaOptions, ckaTable } from "./cka.ts";
import {
  correlateRdms,
  type Correlation,
  correlations,
} from "./correlate_rdms.ts";
import {
  featureMatrix,
  type Features,
  requireSamePictures,
} from "./features.ts";
import { dissimilarities, type Dissimilarity, rdmOf } from "./rdm.ts";

/** The options of {@linkcode compareLayers}. */
export interface CompareOptions extends CkaOptions {
  /** {@linkcode cka}, or the correlation of dissimilarity matrices. Default `"cka"`. */
  readonly measure?: "cka" | "rsa";
  /** Of `"rsa"`: how unlike two pictures are. Default `"correlation"`. */
  readonly method?: Dissimilarity;
  /** Of `"rsa"`: how the matrices are correlated. Default `"spearman"`. */
  readonly correlation?: Correlation;
}

/** Layers by name. */
export type NamedFeatures = Readonly<Record<string, Features>>;

/**
 * Compares every layer of one network with every layer of another, or of itself, by what they make
 * of the same pictures.
 *
 * @param x Layers; tensors stay the caller's.
 * @param y Others of the same pictures, in the same order.
 * @param options The measure.
 * @throws {TypeError} If features aren't `[N, C]` of the same pictures, or one isn't finite.
 * @throws {RangeError} If there are no layers, too few pictures, or a layer doesn't tell them apart.
 *
 * @example Two stages of one network
 * ```ts
 * import { createFeatureExtractor, createModel, decodeImage } from "@layertap/resnet";
 * import { compareLayers } from "@layertap/resnet/compare";
 * import { pool } from "@layertap/resnet/fit";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer4", true);
 * const names = ["chelsea.png", "coffee.png", "rocket.jpg", "astronaut.png"];
 * const pictures = await Promise.all(
 *   names.map((name) => decodeImage(`examples/images/${name}`)),
 * );
 * using extractor = createFeatureExtractor(model, ["layer2", "layer4"]);
 * const maps = extractor.forward(model.preprocess(pictures));
 * const layers = { layer2: pool(maps.layer2, "avg"), layer4: pool(maps.layer4, "avg") };
 * const { values } = await compareLayers(layers, layers);
 * assert(Math.abs(values[0][0] - 1) < 1e-9 && values[0][1] < 1);
 * ```
 */
export async function compareLayers(
  x: NamedFeatures,
  y: NamedFeatures,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { measure = "cka", method = "correlation", correlation = "spearman" } =
    options;
  requireOneOf("measure", measure, ["cka", "rsa"]);
  requireOneOf("method", method, dissimilarities);
  requireOneOf("correlation", correlation, correlations);
  const [rows, columns] = [Object.keys(x), Object.keys(y)];
  if (rows.length === 0 || columns.length === 0) {
    throw new RangeError(expected("compareLayers", "layers", {}));
  }
  const xs = await matricesOf(x);
  const ys = x === y ? xs : await matricesOf(y);
  for (const matrix of [...xs, ...ys]) requireSamePictures(xs[0], matrix);
  if (measure === "cka") {
    return { rows, columns, values: ckaTable(xs, ys, options) };
  }
  const [a, b] = [xs, ys].map((matrices) =>
    matrices.map((matrix) => rdmOf(matrix, method))
  );
  const values = a.map((one) =>
    b.map((other) => correlateRdms(one, other, correlation))
  );
  return { rows, columns, values };
}

async function matricesOf(layers: NamedFeatures): Promise<Matrix[]> {
  const matrices: Matrix[] = [];
  for (const [name, features] of Object.entries(layers)) {
    matrices.push(await featureMatrix(name, features));
  }
  return matrices;
}
