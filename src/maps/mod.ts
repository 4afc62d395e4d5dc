/**
 * What the layers see in a picture, as maps and pictures.
 *
 * {@linkcode featureMapGrid} draws a layer's maps side by side. {@linkcode classActivationMap},
 * {@linkcode gradCam}, {@linkcode gradCamPlusPlus}, {@linkcode occlusionMap} and
 * {@linkcode similarityMap} compute a map, and
 * {@linkcode overlayMap} lays it over the picture. {@linkcode figure} puts several together, for
 * print. {@linkcode report} makes an HTML page of one picture.
 *
 * @example What looks like the cat's face
 * ```ts
 * import { createModel, decodeImage, unprocess } from "@layertap/resnet";
 * import { overlayMap, similarityMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const map = similarityMap(model, input, "layer3", [6, 7]);
 * const [crop] = await unprocess(input, model.preset);
 * const { width, height } = await overlayMap(crop, map);
 * assert.deepEqual([width, height], [224, 224]);
 * ```
 *
 * @module
 */

export { featureMapGrid } from "./feature_map_grid.ts";
export type { FeatureMapGridOptions } from "../drawing/draw_grid.ts";
export type { GridLayoutOptions } from "../drawing/grid_layout.ts";
export type { MapChoice } from "../drawing/choose_maps.ts";
export { classActivationMap } from "./class_activation_map.ts";
export { gradCam, gradCamPlusPlus } from "./grad_cam.ts";
export { outputGradient } from "./gradient.ts";
export { occlusionMap, type OcclusionOptions } from "./occlusion.ts";
export { overlayMap, type OverlayOptions } from "./overlay.ts";
export type { OverlayStyle } from "../drawing/draw_overlay.ts";
export {
  type CaptionedMap,
  figure,
  type FigureOptions,
  type MapOf,
} from "./figure.ts";
export type { FigureStyle } from "../drawing/draw_figure.ts";
export type { FigureWidth } from "../drawing/figure_width.ts";
export type { InputFrame } from "../image/crops.ts";
export { type Report, report, type ReportOptions } from "./report.ts";
export { similarityMap } from "./similarity_map.ts";
export type { ColorMapName } from "../drawing/color_map.ts";
