/**
 * What the page asks of its worker, and what that answers.
 *
 * @module
 */

import type { RgbImage } from "@layertap/resnet";
import type { AnomalyThreshold } from "@layertap/resnet/anomaly";

/** An order, answered under its number. */
export type Order =
  & { readonly id: number }
  & (
    | { readonly task: "learn"; readonly pictures: readonly Blob[] }
    | { readonly task: "open"; readonly bank: Blob }
    | { readonly task: "save" }
    | { readonly task: "score"; readonly picture: Blob | ImageData }
  );

/** What was learnt from good pictures. */
export interface Learnt {
  /** Number of good pictures in the bank. */
  readonly pictures: number;
  readonly patches: number;
  /** Undefined if there were too few pictures to hold one out. */
  readonly threshold?: AnomalyThreshold;
  /** Why pictures couldn't be read. */
  readonly failures: readonly string[];
}

/** A picture's score. */
export interface Scored {
  readonly score: number;
  readonly threshold?: AnomalyThreshold;
  /** The map over the picture. */
  readonly drawing: RgbImage;
  readonly milliseconds: number;
}

/** An answer, or progress towards it. */
export type Report =
  | { readonly id: number; readonly result: Learnt | Scored | Blob }
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly progress: string };
