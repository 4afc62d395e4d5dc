/**
 * Work for the network. Tasks can be sent to a thread.
 *
 * @module
 */

import type { Pooling } from "../arch/pooling.ts";
import type { FeatureMapGridOptions } from "../maps/mod.ts";
import type { mediaTypes } from "../tables/formats.ts";

/** A picture file. */
export interface PictureFile {
  /** Its name in answers. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What every task has. */
interface AnyTask {
  readonly pictures: readonly PictureFile[];
  /** Whether to turn the pictures by their EXIF orientation; by default as the server does. */
  readonly exifOrientation?: boolean;
}

/** File formats of features. */
export type FeatureFormat = "json" | keyof typeof mediaTypes;

/** Compute layers. */
export interface FeaturesTask extends AnyTask {
  readonly kind: "features";
  readonly layers: readonly string[];
  readonly pool: Pooling | "none";
  readonly format: FeatureFormat;
}

/** Find the likeliest classes. */
export interface ClassifyTask extends AnyTask {
  readonly kind: "classify";
  readonly top: number;
}

/** Draw the feature maps of exactly one picture. */
export interface PictureTask extends AnyTask {
  readonly kind: "picture";
  readonly layer: string;
  readonly grid: FeatureMapGridOptions;
}

/** Score pictures by the server's bank, or draw the map of exactly one. */
export interface AnomalyTask extends AnyTask {
  readonly kind: "anomaly";
  readonly format: "json" | "png";
  /** The share of held-out good pictures below the threshold. */
  readonly quantile: number;
}

/** Any task. */
export type Task = FeaturesTask | ClassifyTask | PictureTask | AnomalyTask;

/** The layers that a task reads; none for the prediction. */
export function layersOf(task: Task): readonly string[] {
  switch (task.kind) {
    case "features":
      return task.layers;
    case "picture":
      return [task.layer];
    case "classify":
    case "anomaly":
      return [];
  }
}

/** Tasks with the same key can run as one batch. */
export function batchKey(task: Task): string {
  const pool = task.kind === "features" ? task.pool : "";
  return JSON.stringify([task.kind, pool, ...layersOf(task)]);
}
