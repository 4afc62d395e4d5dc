/**
 * From the features of good pictures to a bank.
 *
 * @module
 */

import type { ShapedArray } from "../formats/shaped_array.ts";
import { partsOf, type ResNet } from "../model/model.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { bankRows } from "./bank_size.ts";
import { chooseCoreset } from "./coreset.ts";
import {
  type FitSettings,
  isHeldOut,
  originOfFit,
  step,
} from "./fit_options.ts";
import { bankParts, PatchCore } from "./patch_core.ts";
import { type Patches, patchesOf } from "./patches.ts";
import { projected, projectionMatrix } from "./projection.ts";
import { minusHalfSquare, RowProducts } from "./row_products.ts";

/** The values of the layers of pictures that could be read. */
export interface FeatureStore {
  /** The number of pictures. */
  readonly count: number;
  /** The layers' values, `[h, w, C]`. */
  read(picture: number): ShapedArray[] | Promise<ShapedArray[]>;
}

/** Builds a bank of the pictures that aren't held out, and scores those that are. */
export async function buildBank(
  model: ResNet,
  store: FeatureStore,
  settings: FitSettings,
  failures: PatchCore["failures"],
): Promise<PatchCore> {
  const all = Array.from({ length: store.count }, (_, i) => i);
  const isOut = (picture: number) => isHeldOut(picture, settings.holdOut);
  const good = all.filter((picture) => !isOut(picture));
  const patches = async (picture: number) =>
    patchesOf(await store.read(picture));
  const { rows, channels } = await bankOf(
    partsOf(model).kernels,
    good,
    patches,
    settings,
  );
  const heldOut = all.filter(isOut);
  const scores = new Float64Array(heldOut.length);
  const maxima = new Float64Array(heldOut.length);
  const pictures = good.length;
  const origin = { ...await originOfFit(model, settings), pictures };
  const content = { origin, rows, channels, heldOut: { scores, maxima } };
  const bank = new PatchCore(model, content, failures);
  try {
    for (const [i, picture] of heldOut.entries()) {
      settings.signal?.throwIfAborted();
      const layers = await store.read(picture);
      const { score, map } = bankParts(bank).score(layers);
      scores[i] = score;
      maxima[i] = map.data.reduce((a, b) => Math.max(a, b));
    }
    return bank;
  } catch (error) {
    bank.dispose();
    throw error;
  }
}

/** The rows of a bank of these pictures. */
async function bankOf(
  kernels: Kernels,
  pictures: readonly number[],
  patches: (picture: number) => Promise<Patches>,
  settings: FitSettings,
): Promise<{ rows: Float32Array<ArrayBuffer>; channels: number }> {
  const { height, width, channels } = await patches(pictures[0]);
  const each = height * width;
  const count = bankRows(each * pictures.length, settings.coreset);
  const chosen = settings.coreset < 1
    ? await choose(kernels, pictures, patches, count, settings)
    : undefined;
  const rows = new Float32Array((chosen?.length ?? count) * channels);
  // The places of each picture's patches in the bank.
  const places = pictures.map((): [row: number, patch: number][] => []);
  chosen?.forEach((patch, row) =>
    places[Math.floor(patch / each)].push([row, patch % each])
  );
  for (const [i, picture] of pictures.entries()) {
    if (chosen && places[i].length === 0) continue;
    const { data } = await patches(picture);
    if (!chosen) rows.set(data, i * data.length);
    for (const [row, patch] of places[i]) {
      const from = data.subarray(patch * channels, (patch + 1) * channels);
      rows.set(from, row * channels);
    }
  }
  return { rows, channels };
}

/** Chooses patches by their projections; they are numbered from the first picture's on. */
async function choose(
  kernels: Kernels,
  pictures: readonly number[],
  patches: (picture: number) => Promise<Patches>,
  count: number,
  settings: FitSettings,
): Promise<Int32Array> {
  const all: Float32Array[] = [];
  let matrix: RowProducts | undefined;
  let columns = 0;
  try {
    for (const picture of pictures) {
      settings.signal?.throwIfAborted();
      const { data, channels } = await patches(picture);
      columns = Math.min(channels, projected);
      if (channels <= projected) all.push(data);
      else {
        if (!matrix) {
          matrix = new RowProducts(kernels, channels);
          matrix.add(projectionMatrix(channels, settings.seed), () => 0);
        }
        const points = new Float32Array(data.length / channels * projected);
        for (const { values, vector } of matrix.with(data)) {
          points.set(values, vector * projected);
        }
        all.push(points);
      }
    }
  } finally {
    matrix?.dispose();
  }
  using products = new RowProducts(kernels, columns);
  for (const points of all) products.add(points, minusHalfSquare);
  const each = all[0].length / columns;
  const read = (indices: readonly number[]) => {
    const points = new Float32Array(indices.length * columns);
    indices.forEach((index, i) => {
      const at = index % each * columns;
      const from = all[Math.floor(index / each)];
      points.set(from.subarray(at, at + columns), i * columns);
    });
    return points;
  };
  const squares = squaresOf(all, columns, new Float64Array(columns));
  const fromMean = squaresOf(all, columns, meanOf(all, columns));
  const points = { products, read, squares };
  return await chooseCoreset(
    points,
    fromMean,
    count,
    (done) => step(settings, { stage: "coreset", done, total: count }),
  );
}

/** The mean of all rows. */
function meanOf(all: readonly Float32Array[], columns: number): Float64Array {
  const sums = new Float64Array(columns);
  let rows = 0;
  for (const points of all) {
    for (let at = 0; at < points.length; at += columns, rows++) {
      for (let c = 0; c < columns; c++) sums[c] += points[at + c];
    }
  }
  return sums.map((sum) => sum / rows);
}

/** The squared distance of each row from a point. */
function squaresOf(
  all: readonly Float32Array[],
  columns: number,
  from: Float64Array,
): Float32Array {
  const rows = all.reduce((sum, { length }) => sum + length / columns, 0);
  const squares = new Float32Array(rows);
  let row = 0;
  for (const points of all) {
    for (let at = 0; at < points.length; at += columns, row++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += (points[at + c] - from[c]) ** 2;
      squares[row] = sum;
    }
  }
  return squares;
}
