/**
 * The anomaly score of a picture.
 *
 * Source: Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022, section 3.3.
 *
 * @module
 */

import type { ShapedArray } from "../formats/shaped_array.ts";
import { anomalyMap } from "./anomaly_map.ts";
import { distance, nearest } from "./nearest.ts";
import type { Patches } from "./patches.ts";
import type { RowProducts } from "./row_products.ts";

/** How unlike the good pictures a picture is, and where. */
export interface AnomalyScore {
  /** 0 for a picture all of whose patches are in the bank; larger for stranger ones. */
  readonly score: number;
  /** `[H, W]` of the network's input: the distance of each place from the bank, smoothed. */
  readonly map: ShapedArray;
}

/** Patches of good pictures, to compare others with. */
export interface Bank {
  /** `[n, columns]`. */
  readonly rows: Float32Array<ArrayBuffer>;
  /** The same in the kernels' memory, with {@linkcode minusHalfSquare} as bias. */
  readonly products: RowProducts;
  /** How many patches near the nearest one weigh the score. */
  readonly neighbors: number;
}

/**
 * Scores a picture.
 *
 * @param size Height and width of the network's input.
 */
export function scorePatches(
  { data, height, width, channels }: Patches,
  bank: Bank,
  size: readonly [number, number],
): AnomalyScore {
  const { rows, distances } = nearest(data, bank.products, bank.rows);
  let strangest = 0;
  distances.forEach((value, i) => {
    if (value > distances[strangest]) strangest = i;
  });
  const patch = data.subarray(
    strangest * channels,
    (strangest + 1) * channels,
  );
  const score = distances[strangest] * weightOf(patch, rows[strangest], bank);
  return {
    score: Math.fround(score), // As it stands in files.
    map: anomalyMap(distances, [height, width], size),
  };
}

/**
 * `1 - exp(d0) / sum exp(d)`, with the distances `d` of a patch to its nearest row and to that row's
 * neighbours: a row far from others says less. 1 if there is only one row.
 */
function weightOf(patch: Float32Array, row: number, bank: Bank): number {
  const { rows, products: { columns } } = bank;
  const near = neighborsOf(row, bank);
  if (near.length === 1) return 1;
  const [first, ...others] = near.map((other) =>
    distance(patch, 0, rows, other, columns)
  );
  const sum = others.reduce((sum, d) => sum + Math.exp(d - first), 1);
  return 1 - 1 / sum;
}

/** A row and those nearest to it, itself first. */
function neighborsOf(row: number, { rows, products, neighbors }: Bank) {
  const { columns } = products;
  const own = rows.subarray(row * columns, (row + 1) * columns);
  const best = [{ row, product: Infinity }];
  for (const block of products.with(own)) {
    block.values.forEach((product, i) => {
      const other = block.row + i;
      const isFull = best.length === neighbors;
      if (isFull && product <= best.at(-1)!.product || other === row) return;
      let at = best.length;
      while (best[at - 1].product < product) at--;
      best.splice(at, 0, { row: other, product });
      if (isFull) best.pop();
    });
  }
  return best.map(({ row }) => row);
}
