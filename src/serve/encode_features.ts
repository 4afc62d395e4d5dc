/**
 * Features in the form that was asked for.
 *
 * @module
 */

import { type FeatureTable, featureTable } from "../tables/feature_table.ts";
import { nestedValues } from "../tables/jsonl.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Outcome } from "./engine.ts";
import type { FeatureFormat, FeaturesTask } from "./task.ts";

/** The forms and what they are called in `Accept`, the first is the default. */
export const featureTypes: Readonly<Record<FeatureFormat, string>> = {
  json: "application/json",
  npy: "application/x-npy",
  npz: "application/x-npz",
  safetensors: "application/x-safetensors",
};

const streams: Record<
  Exclude<FeatureFormat, "json">,
  (table: FeatureTable) => Promise<ReadableStream<Uint8Array>>
> = {
  npy: async (table) => (await import("../tables/npy.ts")).npyStream(table),
  npz: async (table) => (await import("../tables/npz.ts")).npzStream(table),
  safetensors: async (table) =>
    (await import("../tables/safetensors.ts")).safetensorsStream(table),
};

/**
 * Encodes the features of a request's pictures.
 *
 * @param nodes By layer: `[N, …]`, NCHW.
 */
export async function encodeFeatures(
  arch: string,
  { pictures, format }: FeaturesTask,
  nodes: readonly (readonly [string, ShapedArray])[],
): Promise<Outcome> {
  const rows = pictures.map(({ name }, i) => ({
    path: name,
    values: Object.fromEntries(
      nodes.map(([layer, { data, shape: [count, ...shape] }]) => {
        const size = data.length / count;
        return [layer, {
          data: data.subarray(i * size, (i + 1) * size),
          shape,
        }];
      }),
    ),
  }));
  const type = featureTypes[format];
  if (format === "json") {
    const json = rows.map(({ path, values }) => ({
      name: path,
      features: Object.fromEntries(
        Object.entries(values).map((
          [layer, { data, shape }],
        ) => [layer, nestedValues(data, shape)]),
      ),
    }));
    const text = JSON.stringify({ arch, pictures: json });
    return { body: new TextEncoder().encode(text), type };
  }
  const stream = await streams[format](featureTable(rows));
  return {
    body: new Uint8Array(await new Response(stream).arrayBuffer()),
    type,
  };
}
