/**
 * What a layer shows of a picture: its maps side by side, class activation maps, Grad-CAM, occlusion,
 * similarity, and a report with all of them.
 *
 * @example Where the network sees a cat
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { classActivationMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * assert.deepEqual(classActivationMap(model, input, 281).shape, [1, 7, 7]);
 * ```
 *
 * @module
 */

export {
  featureMapGrid,
  type FeatureMapGridOptions,
  type GridLayoutOptions,
  type MapChoice,
} from "./feature_map_grid.ts";
export { classActivationMap } from "./class_activation_map.ts";
export { gradCam } from "./grad_cam.ts";
export { outputGradient } from "./gradient.ts";
export { occlusionMap, type OcclusionOptions } from "./occlusion.ts";
export { overlayMap, type OverlayOptions } from "./overlay.ts";
export { report, type ReportOptions } from "./report.ts";
export { similarityMap } from "./similarity_map.ts";
export type { ColorMapName } from "../drawing/color_map.ts";
