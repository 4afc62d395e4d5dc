/**
 * Anomaly maps from good pictures alone: PatchCore.
 *
 * {@linkcode fitPatchCore} keeps patches of good pictures in a bank. Another picture's score, and the
 * map of where it is strange, come from the distances of its patches to the nearest ones.
 *
 * @example A picture unlike the good ones
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { fitPatchCore } from "@layertap/resnet/anomaly";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const cat = await decodeImage("examples/images/chelsea.png");
 * using bank = await fitPatchCore(model, [cat], { coreset: 0.1 });
 * const { score, map } = await bank.score(await decodeImage("examples/images/rocket.jpg"));
 * assert(score > (await bank.score(cat)).score);
 * assert.deepEqual(map.shape, [224, 224]);
 * ```
 *
 * @module
 */

export { fitPatchCore, type Pictures } from "./fit_patch_core.ts";
export { fitPatchCoreToFile, type FitReport } from "./fit_to_file.ts";
export type { FitPatchCoreOptions, FitProgress } from "./fit_options.ts";
export { drawAnomaly, type DrawAnomalyOptions } from "./draw.ts";
export type { AnomalyDrawing } from "../drawing/draw_anomaly.ts";
export type { ColorMapName } from "../drawing/color_map.ts";
export { loadPatchCore, type LoadPatchCoreOptions } from "./load_patch_core.ts";
export type { AnomalyThreshold, PatchCore } from "./patch_core.ts";
export { type FileScore, scoreFiles } from "./score_files.ts";
export { scoreToFile, type ScoreToFileOptions } from "./score_to_file.ts";
export type { ExtractReport, RunOptions } from "../extract/resumable_run.ts";
export type { AnomalyScore } from "./score.ts";
export type { BankOrigin } from "./bank_file.ts";
export type { ReadingOrigin } from "../extract/vector_file.ts";
export type { InputOptions } from "../extract/load_input.ts";
export type { NamedFileOptions } from "../runtime/named_file.ts";
export type { ShapedArray } from "../formats/shaped_array.ts";
export type { FileSource } from "../runtime/open_source.ts";
