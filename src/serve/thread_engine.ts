/**
 * An engine in a separate thread, so that the server's thread stays free.
 *
 * @module
 */

import { environmentVariable } from "../runtime/environment.ts";
import {
  canImportInThreads,
  startThread,
  type Thread,
} from "../runtime/thread.ts";
import {
  type BatchReport,
  type Engine,
  type EngineInfo,
  EngineLostError,
  type EngineSettings,
} from "./engine.ts";
import { moduleUrl } from "./model_engine.ts";
import type { Task } from "./task.ts";

/** A message of the thread. */
type Message =
  | { readonly info: EngineInfo }
  | { readonly report: BatchReport }
  | { readonly failed: { readonly name: string; readonly message: string } }
  | { readonly unavailable: string };

const threadText = `
const failure = ({ name, message }) => ({ failed: { name, message } });
let engine;
async function start({ url, settings }) {
  const module = await import(url).catch(({ message }) => ({ message }));
  if (!module.startModelEngine) return { unavailable: module.message ?? "this package is bundled" };
  engine = await module.startModelEngine(settings);
  return { info: engine.info };
}
async function run(tasks) {
  const report = await engine.run(tasks);
  return { report };
}
listen(async (message) => {
  try {
    const answer = await (engine ? run(message) : start(message));
    const outcomes = answer.report?.outcomes ?? [];
    post(answer, outcomes.flatMap(({ body }) => body ? [body.buffer] : []));
  } catch (error) {
    post(failure(error));
  }
});
`;

/** The variables that lead to the caches of weights. */
const variables = [
  ...["LAYERTAP_CACHE", "LAYERTAP_WEIGHTS", "TORCH_HOME"],
  ...["XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"],
];

function environment(): Record<string, string> {
  return Object.fromEntries(variables.flatMap((name) => {
    const value = environmentVariable(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** This runtime can't run the network in a thread. */
export class NoThreadError extends Error {}

/**
 * Starts a thread and loads the network in it.
 *
 * @throws {NoThreadError} If this runtime has no threads, or they can't import this package.
 * @throws What loading the network throws.
 */
export async function startThreadEngine(
  settings: EngineSettings,
): Promise<Engine> {
  if (!canImportInThreads()) {
    throw new NoThreadError("this runtime has no node:worker_threads");
  }
  let link: Link | undefined;
  try {
    link = new Link();
    link.post({ url: moduleUrl, settings });
  } catch (error) { // A function in the settings can't be sent.
    await link?.close();
    throw new NoThreadError((error as Error).message);
  }
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
  throw new NoThreadError((message as { unavailable: string }).unavailable);
}

/** Sends one message at a time. It keeps the process alive only while it waits for the answer. */
class Link {
  readonly #thread: Thread;
  #lost: EngineLostError | undefined;
  #settle: ((message: Message | EngineLostError) => void) | undefined;

  constructor() {
    this.#thread = startThread(threadText, {
      env: environment(),
      onMessage: (message: Message) => this.#settle?.(message),
      onError: ({ message }) => this.#lose(message),
      onExit: () => this.#lose("it exited"),
    });
  }

  post(message: unknown, transfer?: Transferable[]): void {
    if (this.#lost) return;
    this.#thread.ref();
    this.#thread.post(message, transfer);
  }

  send(tasks: readonly Task[]): void {
    this.post(
      tasks,
      tasks.flatMap(({ pictures }) =>
        pictures.map(({ bytes }) => bytes.buffer)
      ),
    );
  }

  /** @throws {EngineLostError} If the thread has ended. */
  receive(): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#settle = (message) => {
        this.#settle = undefined;
        this.#thread.unref();
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
    await this.#thread.terminate();
  }

  #lose(why: string): void {
    this.#lost ??= new EngineLostError(`the network's thread ended: ${why}`);
    this.#settle?.(this.#lost);
  }
}
