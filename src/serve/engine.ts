/**
 * An engine runs the network, in the server's thread or in a separate one.
 *
 * @module
 */

import type { OutputLayer } from "../arch/cut_network.ts";
import type { ModelOptions } from "../model/options.ts";
import type { RunningBackend } from "../model/start_kernels.ts";
import type { Summary } from "../summary/summary.ts";
import type { HandlerOptions } from "./options.ts";
import type { ProblemStatus } from "./problem.ts";
import type { Task } from "./task.ts";

/** Settings of an engine; they can be sent to a thread. */
export interface EngineSettings extends
  Required<
    Pick<
      HandlerOptions,
      "arch" | "backend" | "decoders" | "draft" | "exifOrientation"
    >
  > {
  readonly outputLayer: OutputLayer;
  readonly pretrained: boolean | string | Uint8Array;
  readonly model: ModelOptions;
  readonly labels?: readonly string[];
  readonly bank?: string | Uint8Array;
  readonly maxPixels: number;
}

/** Facts about the network of an engine. */
export interface EngineInfo {
  readonly arch: string;
  /** The last node that it computes. */
  readonly outputLayer: string;
  /** Every name of a layer, with its shape for one picture, NCHW. */
  readonly layers: ReadonlyMap<string, readonly number[]>;
  /** Whether there is a bank to score pictures by. */
  readonly hasBank: boolean;
  /** Number of classes; 0 without a head. */
  readonly classes: number;
  /** The tables of the network by style, as data and as text. */
  readonly summaries: Readonly<
    Record<"torchsummary" | "torchinfo", {
      readonly data: Omit<Summary, "toString">;
      readonly text: string;
    }>
  >;
}

/** A body to send. */
export interface Answer {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  readonly type: string;
}

/** The result of a task. */
export type Outcome =
  | Answer
  | {
    readonly status: ProblemStatus;
    /** Why; a client doesn't get that of a 500 unless `isPublic`. */
    readonly detail: string;
    readonly isPublic?: boolean;
  };

/** The result of a batch. */
export interface BatchReport {
  /** One for each task. */
  readonly outcomes: readonly Outcome[];
  /** Milliseconds of each stage, for the whole batch. */
  readonly timings: Readonly<Record<string, number>>;
  /** Live tensors after the batch; a growing number is a leak. */
  readonly tensors: number;
}

/** A loaded network. */
export interface Engine {
  readonly info: EngineInfo;
  /** The backend, and how many threads compute now. */
  backend(): RunningBackend;
  /** Runs tasks of one key as a batch. Only one batch can run at a time. */
  run(tasks: readonly Task[]): Promise<BatchReport>;
  /** Frees the network and ends its thread. */
  close(): Promise<void>;
}

/** The engine has stopped, and its tasks with it; another one can be started. */
export class EngineLostError extends Error {}
