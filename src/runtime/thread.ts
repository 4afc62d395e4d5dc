/**
 * Threads, wherever JavaScript runs.
 *
 * With `node:worker_threads`, a thread starts from a data URL: that takes no permission, works for a
 * package imported over HTTP, and lets the process end while the thread runs. Otherwise it is a Web
 * Worker from a blob URL.
 *
 * @module
 */

import { builtin } from "./builtin.ts";
import { isWorkerd } from "./which.ts";

/** A thread; it runs until it is terminated. */
export interface Thread {
  /** Sends a message. It may be sent before the thread is up. */
  post(message: unknown, transfer?: Transferable[]): void;
  /** Keeps the process alive while the thread runs: the default. */
  ref(): void;
  /** Lets the process end while the thread runs. */
  unref(): void;
  /** Ends the thread, even in the middle of work. */
  terminate(): Promise<void>;
}

/** What a thread gets, and who hears from it. */
export interface ThreadOptions<Message> {
  /** Called with each message from the thread. */
  onMessage?(message: Message): void;
  /** Called if the thread throws or can't start. */
  onError(error: Error): void;
  /** Called when the thread has ended; never for a Web Worker. */
  onExit?(): void;
  /** The thread's environment variables. Default: none, since copying takes a permission. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Define `post(message, transfer)` and `listen(receive)` for the thread's text. For
 * `parentPort.on("message", …)`, Deno visits every element of the arrays in a message: 0.2 s and 50 MB
 * for a megabyte.
 */
const prologues = {
  node: `import { parentPort } from "node:worker_threads";
const post = (message, transfer) => parentPort.postMessage(message, transfer);
const listen = (receive) => { parentPort.onmessage = ({ data }) => receive(data); };
`,
  web:
    `const post = (message, transfer) => globalThis.postMessage(message, transfer);
const listen = (receive) => { globalThis.onmessage = ({ data }) => receive(data); };
`,
};

/** Why no threads can share memory here; undefined if they can. */
export function whyNoThreads(): string | undefined {
  if (isWorkerd()) return "workerd has no threads";
  if (isForbidden()) return "node --permission without --allow-worker";
  if (typeof SharedArrayBuffer !== "function") {
    const { crossOriginIsolated } = globalThis as Record<string, unknown>;
    return crossOriginIsolated === false
      ? "the page isn't cross-origin isolated: send the headers COOP and COEP"
      : "this runtime has no shared memory";
  }
  return nodeWorker() || typeof Worker === "function"
    ? undefined
    : "this runtime has no threads";
}

/** Whether threads can import this package's modules by URL; a Web Worker from a blob can't. */
export function canImportInThreads(): boolean {
  return nodeWorker() !== undefined;
}

/**
 * Starts a thread.
 *
 * @param text The text of a module, which may call `listen(receive)` to take messages and
 *   `post(message, transfer)` to send them.
 */
export function startThread<Message>(
  text: string,
  options: ThreadOptions<Message>,
): Thread {
  const NodeWorker = nodeWorker();
  if (NodeWorker) return startNodeThread(NodeWorker, text, options);
  const blob = new Blob([prologues.web + text], { type: "text/javascript" });
  return startWebThread(
    () => new Worker(URL.createObjectURL(blob), { type: "module" }),
    "blob: workers are forbidden by the page's policy (worker-src)",
    options,
  );
}

/** Whether a thread may also start from a file: a Web Worker. */
export function threadsAreFiles(): boolean {
  return !nodeWorker() && typeof Worker === "function";
}

/** Starts a thread from a file. */
export function startFileThread<Message>(
  start: () => Worker,
  options: ThreadOptions<Message>,
): Thread {
  const why =
    "workers are forbidden by the page's policy (worker-src), or their file isn't on its server";
  return startWebThread(start, why, options);
}

function nodeWorker() {
  return isWorkerd() || isForbidden()
    ? undefined
    : builtin("node:worker_threads")?.Worker;
}

/** Whether Node's permissions forbid threads. */
function isForbidden(): boolean {
  const { process } = globalThis as {
    process?: { permission?: { has(scope: string): boolean } };
  };
  return process?.permission?.has("worker") === false;
}

function startNodeThread<Message>(
  NodeWorker: NonNullable<ReturnType<typeof nodeWorker>>,
  text: string,
  { onMessage, onError, onExit, env = {} }: ThreadOptions<Message>,
): Thread {
  const encoded = encodeURIComponent(prologues.node + text);
  const worker = new NodeWorker(new URL(`data:text/javascript,${encoded}`), {
    env: { ...env },
  });
  worker.on("error", onError);
  if (onMessage) worker.on("message", onMessage);
  if (onExit) worker.on("exit", onExit);
  let keeps = true;
  /** Deno 2.1 counts these calls. */
  const keep = (now: boolean) => {
    if (now !== keeps) worker[now ? "ref" : "unref"]();
    keeps = now;
  };
  return {
    post: (message, transfer) =>
      worker.postMessage(message, transfer as never[]),
    ref: () => keep(true),
    unref: () => keep(false),
    terminate: async () => void await worker.terminate(),
  };
}

/** @param why Why it can't start, if the engine doesn't say. */
function startWebThread<Message>(
  start: () => Worker,
  why: string,
  { onMessage, onError }: ThreadOptions<Message>,
): Thread {
  let worker: Worker | undefined;
  try {
    worker = start();
    worker.onmessage = ({ data }) => onMessage?.(data);
    // Where a policy forbids it, there is no message.
    worker.onerror = ({ message }) => onError(new Error(message || why));
  } catch (cause) { // Some engines throw instead.
    queueMicrotask(() => onError(new Error(why, { cause })));
  }
  return {
    post: (message, transfer = []) => worker?.postMessage(message, transfer),
    ref() {},
    unref() {},
    terminate: () => Promise.resolve(worker?.terminate()),
  };
}
