/**
 * The bodies of answers.
 *
 * @module
 */

import { item } from "../extract/compute_nodes.ts";
import { featureTable } from "../tables/feature_table.ts";
import { formats, mediaTypes } from "../tables/formats.ts";
import { nestedValues } from "../tables/jsonl.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Answer } from "./engine.ts";
import type { FeatureFormat, FeaturesTask } from "./task.ts";

/** The media types of features; the first is the default. */
export const featureTypes: Readonly<Record<FeatureFormat, string>> = {
  json: "application/json",
  ...mediaTypes,
};

/**
 * Encodes the features of a task's pictures.
 *
 * @param nodes By layer: `[N, …]`, NCHW, for all pictures of a batch.
 * @param first The index of the task's first picture in the batch.
 */
export async function encodeFeatures(
  arch: string,
  { pictures, format }: FeaturesTask,
  nodes: readonly (readonly [string, ShapedArray])[],
  first: number,
): Promise<Answer> {
  const rows = pictures.map(({ name }, i) => ({
    path: name,
    values: Object.fromEntries(
      nodes.map(([layer, array]) => [layer, item(array, first + i)]),
    ),
  }));
  if (format === "json") {
    const json = rows.map(({ path, values }) => ({
      name: path,
      features: Object.fromEntries(
        Object.entries(values).map((
          [layer, { data, shape }],
        ) => [layer, nestedValues(data, shape)]),
      ),
    }));
    return encodeJson({ arch, pictures: json });
  }
  const stream = await formats[format](featureTable(rows), {});
  const body = new Uint8Array(await new Response(stream).arrayBuffer());
  return { body, type: featureTypes[format] };
}

/** A JSON body. */
export function encodeJson(value: unknown): Answer {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return { body, type: "application/json" };
}
