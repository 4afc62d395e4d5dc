/**
 * Keeps an engine running: starts it on demand, and again if it is lost.
 *
 * @module
 */

import { Batcher, type Completion } from "./batcher.ts";
import {
  type Engine,
  type EngineInfo,
  EngineLostError,
  type EngineSettings,
} from "./engine.ts";
import type { RunningBackend } from "../model/start_kernels.ts";
import type { Settings } from "./options.ts";
import type { FileSource } from "../runtime/open_source.ts";
import type { Task } from "./task.ts";

/** The state of a service, for `/healthz`. */
export interface ServiceState {
  readonly status: "starting" | "ok";
  /** The network, once it is loaded. */
  readonly network?: Pick<EngineInfo, "arch" | "outputLayer"> & RunningBackend;
  /** Whether it runs in a separate thread. */
  readonly worker?: boolean;
  /** Why it doesn't, if it should. */
  readonly fallback?: string;
  /** Number of tasks in the queue. */
  readonly waiting: number;
  /** Live tensors after the last batch. */
  readonly tensors?: number;
}

/** Runs tasks on an engine. */
export class Service {
  readonly #settings: Settings;
  readonly #batcher: Batcher;
  #engine: Promise<Engine> | undefined;
  /** The last engine that started. */
  #started: Engine | undefined;
  #isThread: boolean | undefined;
  #fallback: string | undefined;
  #tensors: number | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#batcher = new Batcher(
      (tasks) => this.#run(tasks),
      settings.batchSize,
    );
  }

  /**
   * Facts about the network; starts the engine.
   *
   * @throws What starting it throws. The next call tries again.
   */
  async info(): Promise<EngineInfo> {
    return (this.#started ?? await this.#start()).info;
  }

  /** The current state. */
  get state(): ServiceState {
    return {
      status: this.#started ? "ok" : "starting",
      network: this.#started && networkOf(this.#started),
      worker: this.#isThread,
      fallback: this.#fallback,
      waiting: this.#batcher.waiting,
      tensors: this.#tensors,
    };
  }

  /** Seconds after which a refused client may try again. */
  get retryAfter(): string {
    return `${this.#batcher.seconds}`;
  }

  /** Runs a task: see {@linkcode Batcher.submit}. */
  submit(task: Task, signal: AbortSignal): Promise<Completion> {
    return this.#batcher.submit(task, signal);
  }

  /** Closes the engine. */
  async close(): Promise<void> {
    const engine = await this.#engine?.catch(() => undefined);
    this.#engine = undefined;
    await engine?.close();
  }

  async #run(tasks: readonly Task[]) {
    const engine = await this.#start();
    // Some files keep the decoder busy forever; only ending its thread stops it.
    const watchdog = this.#isThread &&
      setTimeout(() => engine.close(), this.#settings.limits.seconds * 1000);
    try {
      const report = await engine.run(tasks);
      this.#tensors = report.tensors;
      return report;
    } catch (error) {
      if (error instanceof EngineLostError) this.#engine = undefined;
      throw error;
    } finally {
      if (watchdog) clearTimeout(watchdog);
    }
  }

  #start(): Promise<Engine> {
    this.#engine ??= this.#open().then(
      (engine) => this.#started = engine,
      (error) => {
        this.#engine = undefined; // The next request tries again.
        throw error;
      },
    );
    return this.#engine;
  }

  async #open(): Promise<Engine> {
    const settings = await engineSettings(this.#settings);
    const { thread } = this.#settings;
    if (thread !== false) {
      const { NoThreadError, startThreadEngine } = await import(
        "./thread_engine.ts"
      );
      try {
        const engine = await startThreadEngine(settings);
        this.#isThread = true;
        return engine;
      } catch (error) {
        if (thread || !(error instanceof NoThreadError)) throw error;
        this.#fallback = error.message;
      }
    }
    const { startModelEngine } = await import("./model_engine.ts");
    const engine = await startModelEngine(settings);
    this.#isThread = false;
    return engine;
  }
}

function networkOf({ info, backend }: Engine): ServiceState["network"] {
  const { arch, outputLayer } = info;
  return { arch, outputLayer, ...backend() };
}

/** The engine's part of the settings, in a form that can be sent to a thread. */
async function engineSettings(settings: Settings): Promise<EngineSettings> {
  const { arch, outputLayer, backend, decoders, labels } = settings;
  const { draft, exifOrientation } = settings;
  const { pretrained, bank, model, limits } = settings;
  return {
    ...{ arch, outputLayer, backend, decoders, labels, model },
    ...{ draft, exifOrientation },
    maxPixels: limits.maxPixels,
    pretrained: await sendable(pretrained),
    bank: bank && await sendable(bank),
  };
}

async function sendable<T extends boolean | FileSource>(
  source: T,
): Promise<Exclude<T, URL | ArrayBuffer | Blob> | string | Uint8Array> {
  if (source instanceof URL) return source.href;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  return source as Exclude<T, URL | ArrayBuffer | Blob>;
}
