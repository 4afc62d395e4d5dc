/**
 * An engine in a worker of its own, so that the thread of the server stays free.
 *
 * The worker starts from a data URL, as those for decoding do: that works wherever this module came
 * from, and it can be unref'd, so that it doesn't keep the process alive.
 *
 * @module
 */

import { environmentVariable } from "../runtime/permissions.ts";
import {
  type BatchReport,
  type Engine,
  type EngineInfo,
  EngineLostError,
  type EngineSettings,
} from "./engine.ts";
import { moduleUrl } from "./model_engine.ts";
import type { Task } from "./task.ts";

/** The part of `node:worker_threads`' `Worker` that is used here. */
interface NodeWorker {
  on(event: "message" | "error", listener: (data: never) => void): void;
  on(event: "exit", listener: () => void): void;
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

type NodeWorkerClass = new (
  url: URL,
  options: { env: Record<string, string>; workerData: unknown },
) => NodeWorker;

/** What the worker sends. */
type Message =
  | { readonly info: EngineInfo }
  | { readonly report: BatchReport }
  | { readonly failed: { readonly name: string; readonly message: string } }
  | { readonly unavailable: string };

const workerText =
  `import { parentPort, workerData } from "node:worker_threads";
const failure = ({ name, message }) => ({ failed: { name, message } });
const { url, settings } = workerData;
const module = await import(url).catch(({ message }) => ({ message }));
if (!module.startModelEngine) {
  parentPort.postMessage({ unavailable: module.message ?? "it is bundled" });
} else {
  const engine = await module.startModelEngine(settings).catch((error) => {
    parentPort.postMessage(failure(error));
  });
  if (engine) {
    parentPort.on("message", async (tasks) => {
      try {
        const report = await engine.run(tasks);
        const bodies = report.outcomes.flatMap(({ body }) => body ? [body.buffer] : []);
        parentPort.postMessage({ report }, bodies);
      } catch (error) {
        parentPort.postMessage(failure(error));
      }
    });
    parentPort.postMessage({ info: engine.info });
  }
}
`;

/** What leads to the caches of weights; the rest of the environment is not the worker's business. */
const variables = [
  ...["LAYERTAP_CACHE", "LAYERTAP_WEIGHTS", "TORCH_HOME"],
  ...["XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"],
];

async function environment(): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const name of variables) {
    const value = await environmentVariable(name);
    if (value !== undefined) env[name] = value;
  }
  return env;
}

function nodeWorkerClass(): NodeWorkerClass | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): unknown };
  };
  const threads = process?.getBuiltinModule?.("node:worker_threads");
  return (threads as { Worker?: NodeWorkerClass } | undefined)?.Worker;
}

/** This runtime can't run the network in a worker. */
export class NoWorkerError extends Error {}

/**
 * Starts a worker and loads the network in it.
 *
 * @throws {NoWorkerError} If there are no such workers here, or they can't import this package.
 * @throws What loading the network throws.
 */
export async function startWorkerEngine(
  settings: EngineSettings,
): Promise<Engine> {
  const Worker = nodeWorkerClass();
  if (!Worker) throw new NoWorkerError("there is no node:worker_threads");
  const env = await environment();
  const text = encodeURIComponent(workerText);
  let worker: NodeWorker;
  try {
    worker = new Worker(new URL(`data:text/javascript,${text}`), {
      env,
      workerData: { url: moduleUrl, settings },
    });
  } catch (error) {
    throw new NoWorkerError((error as Error).message);
  }
  const link = new Link(worker);
  const message = await link.receive().catch(async (error) => {
    await link.close();
    throw error;
  });
  if ("info" in message) {
    return {
      info: message.info,
      async run(tasks) {
        link.send(tasks);
        return (await link.receive() as { report: BatchReport }).report;
      },
      close: () => link.close(),
    };
  }
  await link.close();
  throw new NoWorkerError((message as { unavailable: string }).unavailable);
}

/** One question at a time, and its answer. The worker keeps the process alive only meanwhile. */
class Link {
  #lost: EngineLostError | undefined;
  #settle: ((message: Message | EngineLostError) => void) | undefined;

  constructor(readonly worker: NodeWorker) {
    worker.on("message", (message: Message) => this.#settle?.(message));
    worker.on("error", ({ message }: Error) => this.#lose(message));
    worker.on("exit", () => this.#lose("it ended"));
  }

  send(tasks: readonly Task[]): void {
    if (this.#lost) return;
    this.worker.ref();
    this.worker.postMessage(
      tasks,
      tasks.flatMap(({ pictures }) =>
        pictures.map(({ bytes }) => bytes.buffer)
      ),
    );
  }

  /** @throws {EngineLostError} If the worker is gone. */
  receive(): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#settle = (message) => {
        this.#settle = undefined;
        this.worker.unref();
        if (message instanceof EngineLostError) reject(message);
        else if ("failed" in message) {
          const { name, message: text } = message.failed;
          reject(Object.assign(new Error(text), { name }));
        } else resolve(message);
      };
      if (this.#lost) this.#settle(this.#lost);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  #lose(why: string): void {
    this.#lost ??= new EngineLostError(`the network's worker is gone: ${why}`);
    this.#settle?.(this.#lost);
  }
}
