/**
 * The network as requests see it: started when it is wanted, and again if it is lost.
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
import type { Settings } from "./options.ts";
import type { Task } from "./task.ts";

/** What `/healthz` tells of a service. */
export interface ServiceState {
  readonly status: "starting" | "ok";
  /** The network, once it is loaded. */
  readonly network?: Pick<
    EngineInfo,
    "arch" | "outputLayer" | "build" | "threads" | "kernels"
  >;
  /** Whether it runs in a worker. */
  readonly worker?: boolean;
  /** Why it doesn't, unless nobody wanted it to. */
  readonly fallback?: string;
  /** Tasks that wait for their turn. */
  readonly waiting: number;
  /** Tensors that were alive after the last batch. */
  readonly tensors?: number;
}

/** Runs tasks on an engine. */
export class Service {
  readonly #settings: Settings;
  readonly #batcher: Batcher;
  #engine: Promise<Engine> | undefined;
  #info: EngineInfo | undefined;
  #isWorker: boolean | undefined;
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
   * What the engine says of itself; it is started if it isn't.
   *
   * @throws What starting it throws. The next call tries again.
   */
  async info(): Promise<EngineInfo> {
    this.#info ??= (await this.#start()).info;
    return this.#info;
  }

  /** What it is doing. */
  get state(): ServiceState {
    return {
      status: this.#info ? "ok" : "starting",
      network: this.#info && networkOf(this.#info),
      worker: this.#isWorker,
      fallback: this.#fallback,
      waiting: this.#batcher.waiting,
      tensors: this.#tensors,
    };
  }

  /** When a client that is refused now may come again. */
  get retryAfter(): string {
    return `${this.#batcher.seconds}`;
  }

  /** Runs a task: see {@linkcode Batcher.submit}. */
  submit(task: Task, signal: AbortSignal): Promise<Completion> {
    return this.#batcher.submit(task, signal);
  }

  /** Gives the engine up. */
  async close(): Promise<void> {
    const engine = await this.#engine?.catch(() => undefined);
    this.#engine = undefined;
    await engine?.close();
  }

  async #run(tasks: readonly Task[]) {
    const engine = await this.#start();
    // Some files take the decoder for ever: only ending its thread ends it.
    const watchdog = this.#isWorker &&
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
    this.#engine ??= this.#open().catch((error) => {
      this.#engine = undefined; // A failed start is not remembered.
      throw error;
    });
    return this.#engine;
  }

  async #open(): Promise<Engine> {
    const settings = await engineSettings(this.#settings);
    const { worker } = this.#settings;
    if (worker !== false) {
      const { NoWorkerError, startWorkerEngine } = await import(
        "./worker_engine.ts"
      );
      try {
        const engine = await startWorkerEngine(settings);
        this.#isWorker = true;
        return engine;
      } catch (error) {
        if (worker || !(error instanceof NoWorkerError)) throw error;
        this.#fallback = error.message;
      }
    }
    const { startModelEngine } = await import("./model_engine.ts");
    const engine = await startModelEngine(settings);
    this.#isWorker = false;
    return engine;
  }
}

function networkOf(info: EngineInfo): ServiceState["network"] {
  const { arch, outputLayer, build, threads, kernels } = info;
  return { arch, outputLayer, build, threads, kernels };
}

/** What of the settings is for the engine, in a form that can be sent to a worker. */
async function engineSettings(settings: Settings): Promise<EngineSettings> {
  const { arch, outputLayer, backend, decoders, labels } = settings;
  const { pretrained, model, limits } = settings;
  return {
    ...{ arch, outputLayer, backend, decoders, labels, model },
    maxPixels: limits.pixels,
    pretrained: await sendable(pretrained),
  };
}

async function sendable(
  pretrained: Settings["pretrained"],
): Promise<EngineSettings["pretrained"]> {
  if (pretrained instanceof URL) return pretrained.href;
  if (pretrained instanceof ArrayBuffer) return new Uint8Array(pretrained);
  if (pretrained instanceof Blob) {
    return new Uint8Array(await pretrained.arrayBuffer());
  }
  return pretrained;
}
