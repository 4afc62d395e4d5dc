/**
 * Features of many pictures: files in, tables out, with resume; and a search of what was extracted.
 *
 * @example Every picture of a folder, in one file
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { extractFiles } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * for await (const { path, values } of extractFiles(model, ["examples/images/chelsea.png"])) {
 *   assert.equal(path, "examples/images/chelsea.png");
 *   assert.deepEqual(values?.flatten.shape, [512]);
 * }
 * ```
 *
 * @module
 */

export { extractFiles, type ExtractFilesOptions } from "./extract_files.ts";
export {
  type ExtractReport,
  extractToFile,
  type ExtractToFileOptions,
} from "./extract_to_file.ts";
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
