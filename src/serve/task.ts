/**
 * Work for the network. Tasks can be sent to a thread.
 *
 * @module
 */

import type { FeatureMapGridOptions } from "../maps/mod.ts";
import type { mediaTypes } from "../tables/formats.ts";

/** A picture file. */
export interface PictureFile {
  /** Its name in answers. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** File formats of features. */
export type FeatureFormat = "json" | keyof typeof mediaTypes;

/** Compute layers. */
export interface FeaturesTask {
  readonly kind: "features";
  readonly pictures: readonly PictureFile[];
  readonly layers: readonly string[];
  readonly pool: "avg" | "max" | "none";
  readonly format: FeatureFormat;
}

/** Find the likeliest classes. */
export interface ClassifyTask {
  readonly kind: "classify";
  readonly pictures: readonly PictureFile[];
  readonly top: number;
}

/** Draw feature maps. */
export interface PictureTask {
  readonly kind: "picture";
  /** Exactly one. */
  readonly pictures: readonly PictureFile[];
  readonly layer: string;
  readonly grid: FeatureMapGridOptions;
}

/** Any task. */
export type Task = FeaturesTask | ClassifyTask | PictureTask;

/** The layers that a task reads; none for the prediction. */
export function layersOf(task: Task): readonly string[] {
  switch (task.kind) {
    case "features":
      return task.layers;
    case "picture":
      return [task.layer];
    case "classify":
      return [];
  }
}

/** Tasks with the same key can run as one batch. */
export function batchKey(task: Task): string {
  const pool = task.kind === "features" ? task.pool : "";
  return JSON.stringify([task.kind, pool, ...layersOf(task)]);
}
