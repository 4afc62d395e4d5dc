/**
 * An engine in a separate thread, so that the server's thread stays free.
 *
 * @module
 */

import type { BackendOptions } from "../backend/start.ts";
import { expected } from "../errors/expected.ts";
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
import type { RunningBackend } from "../model/start_kernels.ts";
import {
  controlWords,
  endKernelThreads,
  kernelThreadsUp,
  runningThreads,
} from "../kernels/kernel_thread.ts";

/** An answer of the thread. */
interface Answer {
  readonly info?: EngineInfo;
  readonly backend?: RunningBackend;
  readonly report?: BatchReport;
  readonly failed?: { readonly name: string; readonly message: string };
  readonly unavailable?: string;
}

const threadText = `
const failure = ({ name, message }) => ({ failed: { name, message } });
let engine;
async function start({ url, settings, words }) {
  const module = await import(url).catch(({ message }) => ({ message }));
  if (!module.startModelEngine) return { unavailable: module.message ?? "this package is bundled" };
  engine = await module.startModelEngine(settings, words);
  return { info: engine.info, backend: engine.backend() };
}
async function run(tasks) {
  const report = await engine.run(tasks);
  return { report, backend: engine.backend() };
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
  const backend = endable(settings.backend);
  let link: Link | undefined;
  try {
    link = new Link();
    const { ask, words } = link;
    const start = { url: moduleUrl, settings: { ...settings, backend }, words };
    const { info, backend: started, unavailable } = await ask(start);
    if (!info) throw new NoThreadError(unavailable);
    let last = started!;
    return {
      info,
      backend: () => now(last, words),
      async run(tasks) {
        const pictures = tasks.flatMap(({ pictures }) => pictures);
        const { report, backend } = await ask(
          tasks,
          pictures.map((p) => p.bytes.buffer),
        );
        last = backend!;
        return report!;
      },
      close: link.close,
    };
  } catch (error) {
    const { name, message } = error as Error;
    const isSent = link && name !== "DataCloneError"; // Settings may hold functions.
    await link?.close();
    throw isSent ? error : new NoThreadError(message);
  }
}

/** What the thread said last, unless all threads of its kernels have started since. */
function now(last: RunningBackend, words?: Int32Array): RunningBackend {
  const { fallback: _, ...rest } = last;
  const { kernels, running, threads } = rest;
  return kernels === "own" && running < threads && words &&
      runningThreads(words) === threads
    ? { ...rest, running: threads }
    : last;
}

/**
 * Options of a backend that leaves no threads behind. Those of the stock kernels sleep in tfjs's own
 * code, where nobody can wake them once the thread that started them has ended.
 */
function endable(backend: BackendOptions): BackendOptions {
  const { kernels, threads = 1 } = backend;
  if (kernels !== "stock") return backend;
  if (threads === 1) return { ...backend, threads };
  throw new NoThreadError(
    expected(
      "threads of stock kernels in a separate thread",
      "1",
      threads,
      "leave backend.threads out, or set thread: false",
    ),
  );
}

/** Sends one message at a time. It keeps the process alive only while it waits for the answer. */
class Link {
  /** Ends the threads of the thread's kernels, which would outlive it. */
  readonly words: Int32Array | undefined =
    typeof SharedArrayBuffer === "function" ? controlWords(true) : undefined;
  #lost: EngineLostError | undefined;
  #settle: ((answer: Answer | EngineLostError) => void) | undefined;
  readonly #thread: Thread = startThread(threadText, {
    env: environment(),
    onMessage: (answer: Answer) => this.#settle?.(answer),
    onError: ({ message }) => this.#lose(message),
    onExit: () => this.#lose("it exited"),
  });

  /** @throws {EngineLostError} If the thread has ended. */
  readonly ask = (
    message: unknown,
    transfer?: Transferable[],
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      this.#settle = (answer) => {
        this.#settle = undefined;
        this.#thread.unref();
        if (answer instanceof EngineLostError) reject(answer);
        else if (answer.failed) {
          const { name, message } = answer.failed;
          reject(Object.assign(new Error(message), { name }));
        } else resolve(answer);
      };
      this.#thread.ref();
      this.#thread.post(message, transfer);
    });

  readonly close = async (): Promise<void> => {
    if (this.words) await kernelThreadsUp(this.words);
    this.#lose("it was closed");
    await this.#thread.terminate();
    this.#endKernels(); // In case a pass went on until then.
  };

  #endKernels(): void {
    if (this.words) endKernelThreads(this.words);
  }

  #lose(why: string): void {
    this.#endKernels();
    this.#lost ??= new EngineLostError(`the network's thread ended: ${why}`);
    this.#settle?.(this.#lost);
  }
}
