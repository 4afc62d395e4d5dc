/**
 * Feature maps as a picture.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { FeatureMapGridOptions } from "../drawing/draw_grid.ts";
import { displayed } from "../image/display.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { onePicture } from "./one_picture.ts";

/**
 * Draws the feature maps of one picture side by side, row by row: all or some of them, each on its
 * own colour scale or all on one, optionally with channel numbers and a colour bar.
 *
 * The 2048 maps of resnet50's `layer4`, 7x7 each, become 64 columns and 32 rows.
 *
 * @param maps `[H, W, C]` or `[1, H, W, C]`, float32: any node's value before `flatten`. The caller
 *   keeps it.
 * @param options Which maps, their size, colours, labels.
 * @returns RGB pixels; `encodePng` makes a file of them.
 * @throws {TypeError} If the tensor has another type or shape.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example The maps of a layer as a PNG file
 * ```ts
 * import { createModel, decodeImage, encodePng } from "@layertap/resnet";
 * import { featureMapGrid } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer1", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const maps = model.forward(input); // [1, 56, 56, 64]
 * const grid = await featureMapGrid(maps, { columns: 8, cell: 56, gap: 1 });
 * assert.deepEqual([grid.width, grid.height], [8 * 57 - 1, 8 * 57 - 1]);
 * const png = await encodePng(grid);
 * ```
 *
 * @example The 12 strongest channels on one scale
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { featureMapGrid } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const grid = await featureMapGrid(model.forward(input), {
 *   strongest: 12,
 *   columns: 6,
 *   cell: 98,
 *   scale: "all",
 *   labels: true,
 *   colorBar: true,
 * });
 * assert(grid.width > 6 * 98);
 * ```
 */
export async function featureMapGrid(
  maps: Tensor,
  options: FeatureMapGridOptions = {},
): Promise<RgbImage> {
  const values = await onePicture("maps", maps, ["H", "W", "C"]);
  const { drawFeatureMapGrid } = await import("../drawing/draw_grid.ts");
  return displayed(await drawFeatureMapGrid(values, options));
}
