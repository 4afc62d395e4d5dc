/**
 * Features of many pictures: files in, tables out, and a search through them.
 *
 * {@linkcode extractFiles} gives the features of each picture; {@linkcode extractToFile} writes
 * them to a file and can resume a stopped run. {@linkcode readVectors} reads such a file and
 * {@linkcode similar} searches it.
 *
 * @example The features of a picture
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { extractFiles } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const files = ["examples/images/chelsea.png"];
 * for await (const { path, values } of extractFiles(model, files, ["flatten"])) {
 *   assert.equal(path, files[0]);
 *   assert.deepEqual(values?.flatten.shape, [512]);
 * }
 * ```
 *
 * @module
 */

export type { ExtractFilesOptions } from "./compute_nodes.ts";
export type { InputOptions } from "./load_input.ts";
export type { InputFrame } from "../image/crops.ts";
export type { Region } from "../image/region.ts";
export type { NamedFileOptions } from "../runtime/named_file.ts";
export { extractFiles } from "./extract_files.ts";
export { extractToFile, type ExtractToFileOptions } from "./extract_to_file.ts";
export type { ExtractReport, RunOptions } from "./resumable_run.ts";
export { readVectors } from "./read_vectors.ts";
export { similar, type SimilarPicture, type VectorRow } from "./similar.ts";
export {
  type FeatureColumn,
  type FeatureRow,
  type FeatureTable,
  featureTable,
  type FeatureType,
  type FileFeatures,
} from "../tables/feature_table.ts";
export { jsonlStream, type JsonValues } from "../tables/jsonl.ts";
export { npyStream } from "../tables/npy.ts";
export { npzStream } from "../tables/npz.ts";
export { parquetStream } from "../tables/parquet.ts";
export { safetensorsStream } from "../tables/safetensors.ts";
export type { FormatOptions } from "../tables/formats.ts";
export type { ShapedArray } from "../formats/shaped_array.ts";
export type { FileSource } from "../runtime/open_source.ts";
