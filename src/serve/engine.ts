/**
 * What computes: the network, in this thread or in a worker.
 *
 * @module
 */

import type { ModelOptions } from "../model/options.ts";
import type { Summary } from "../summary/summary.ts";
import type { HandlerOptions } from "./options.ts";
import type { ProblemStatus } from "./problem.ts";
import type { Task } from "./task.ts";

/** What an engine is started with; it can be sent to a worker. */
export interface EngineSettings
  extends Required<Pick<HandlerOptions, "arch" | "backend" | "decoders">> {
  readonly outputLayer: string | null;
  readonly pretrained: boolean | string | Uint8Array;
  readonly model: ModelOptions;
  readonly labels?: readonly string[];
  readonly maxPixels: number;
}

/** What an engine says of itself. */
export interface EngineInfo {
  readonly arch: string;
  /** The last node that it can compute. */
  readonly outputLayer: string;
  /** Every name that a layer can be asked for by, with the shape for one picture, NCHW. */
  readonly layers: ReadonlyMap<string, readonly number[]>;
  /** Number of classes; 0 without a head. */
  readonly classes: number;
  /** Tables by their style, as data and as text. */
  readonly summaries: Readonly<
    Record<"torchsummary" | "torchinfo", {
      readonly data: Omit<Summary, "toString">;
      readonly text: string;
    }>
  >;
  readonly build: string;
  readonly threads: number;
  readonly kernels: string;
}

/** What became of a task. */
export type Outcome =
  | { readonly body: Uint8Array<ArrayBuffer>; readonly type: string }
  | { readonly status: ProblemStatus; readonly detail: string };

/** What became of a batch. */
export interface BatchReport {
  /** One for each task. */
  readonly outcomes: readonly Outcome[];
  /** Milliseconds for the whole batch, by what was done. */
  readonly timings: Readonly<Record<string, number>>;
  /** Tensors that are alive after it: always as many, unless some leak. */
  readonly tensors: number;
}

/** A network that is loaded. */
export interface Engine {
  readonly info: EngineInfo;
  /** Runs tasks of one key together. One batch at a time. */
  run(tasks: readonly Task[]): Promise<BatchReport>;
  /** Gives everything up. */
  close(): Promise<void>;
}

/** The engine is gone, and what it had to do with it; another can be started. */
export class EngineLostError extends Error {}
