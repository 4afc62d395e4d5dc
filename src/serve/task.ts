/**
 * What a request asks the network for. It can be sent to a worker.
 *
 * @module
 */

import type { FeatureMapGridOptions } from "../maps/mod.ts";

/** A picture file. */
export interface PictureFile {
  /** What to call it in answers. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Forms in which features are answered. */
export type FeatureFormat = "json" | "npy" | "npz" | "safetensors";

/** Values of nodes. */
export interface FeaturesTask {
  readonly kind: "features";
  readonly pictures: readonly PictureFile[];
  readonly layers: readonly string[];
  readonly pool: "avg" | "max" | "none";
  readonly format: FeatureFormat;
}

/** The likeliest classes. */
export interface ClassifyTask {
  readonly kind: "classify";
  readonly pictures: readonly PictureFile[];
  readonly top: number;
}

/** Feature maps, drawn. */
export interface PictureTask {
  readonly kind: "picture";
  /** One. */
  readonly pictures: readonly PictureFile[];
  readonly layer: string;
  readonly grid: FeatureMapGridOptions;
}

/** One of them. */
export type Task = FeaturesTask | ClassifyTask | PictureTask;

/** The nodes that a task reads; none: the prediction. */
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
