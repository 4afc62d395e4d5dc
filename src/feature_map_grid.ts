/**
 * Feature maps as a picture.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Image } from "./image/image.ts";
import type { FeatureMapGridOptions } from "./output/feature_map_grid.ts";

export type { FeatureMapGridOptions };

/**
 * Draws the feature maps of one picture side by side, from the left and then down, each scaled to
 * its own range.
 *
 * @param maps `[H, W, C]` or `[1, H, W, C]`, float32: any node's value before `flatten`. It stays
 *   the caller's.
 * @param options How many maps, their size and colours.
 * @returns RGB pixels: `encodePng` makes a file of them.
 * @throws {TypeError} If the tensor is none of these.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example The maps of a layer as a PNG file
 * ```ts
 * import { createModel, decodeImage, encodePng, featureMapGrid } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer1", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const maps = model.forward(input); // [1, 56, 56, 64]
 * const grid = await featureMapGrid(maps, { columns: 8, cell: 56, gap: 1 });
 * assert.deepEqual([grid.width, grid.height], [8 * 57 - 1, 8 * 57 - 1]);
 * const png = await encodePng(grid);
 * ```
 */
export async function featureMapGrid(
  maps: Tensor,
  options: FeatureMapGridOptions = {},
): Promise<Image> {
  const shape = maps.shape.slice(-3);
  const isOne = maps.rank === 3 || (maps.rank === 4 && maps.shape[0] === 1);
  if (!isOne || maps.dtype !== "float32") {
    throw new TypeError(
      `cannot draw feature maps: got ${maps.dtype} [${
        maps.shape.join(", ")
      }], float32 [H, W, C] or [1, H, W, C] is allowed`,
    );
  }
  const { drawFeatureMapGrid } = await import("./output/feature_map_grid.ts");
  const data = await maps.data<"float32">();
  return drawFeatureMapGrid({ data, shape }, options);
}
