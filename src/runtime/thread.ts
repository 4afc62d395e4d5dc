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

/** Define `post(message, transfer)` and `listen(receive)` for the thread's text. */
const prologues = {
  node: `import { parentPort } from "node:worker_threads";
const post = (message, transfer) => parentPort.postMessage(message, transfer);
const listen = (receive) => parentPort.on("message", receive);
`,
  web:
    `const post = (message, transfer) => globalThis.postMessage(message, transfer);
const listen = (receive) => { globalThis.onmessage = ({ data }) => receive(data); };
`,
};

/** Whether threads can be started. */
export function canStartThreads(): boolean {
  return nodeWorker() !== undefined || typeof Worker === "function";
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
  return NodeWorker
    ? startNodeThread(NodeWorker, text, options)
    : startWebThread(text, options);
}

function nodeWorker() {
  return isWorkerd() ? undefined : builtin("node:worker_threads")?.Worker;
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
  return {
    post: (message, transfer) =>
      worker.postMessage(message, transfer as never[]),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    terminate: async () => void await worker.terminate(),
  };
}

function startWebThread<Message>(
  text: string,
  { onMessage, onError }: ThreadOptions<Message>,
): Thread {
  const blob = new Blob([prologues.web + text], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(blob), { type: "module" });
  worker.onmessage = ({ data }) => onMessage?.(data);
  // Under a strict content policy there is no message.
  worker.onerror = ({ message }) =>
    onError(new Error(message || "the thread can't start"));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    ref() {},
    unref() {},
    terminate: () => Promise.resolve(worker.terminate()),
  };
}
