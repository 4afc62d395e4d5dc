/**
 * Starting threads on a shared memory, wherever JavaScript runs.
 *
 * @module
 */

import { threadSource, type ThreadStart } from "./worker_source.ts";

/** A thread that runs until it is ended. */
export interface Thread {
  terminate(): void;
}

/** The part of `node:worker_threads`' `Worker` that is used here. */
interface NodeWorker {
  on(event: "error", listener: (error: unknown) => void): void;
  postMessage(message: unknown): void;
  terminate(): void;
  unref(): void;
}

type NodeWorkerClass = new (
  url: URL,
  options: { env: Record<string, string> },
) => NodeWorker;

const nodePort = `import { parentPort } from "node:worker_threads";
const listen = (receive) => parentPort.once("message", receive);
`;
const webPort = `const listen = (receive) => {
  self.onmessage = (event) => receive(event.data);
};
`;

/**
 * Starts a thread. It joins the work as soon as it is up; nobody has to wait for that.
 *
 * @param onError Called if it can't start, or dies.
 */
export function startThread(
  start: ThreadStart,
  onError: (error: unknown) => void,
): Thread {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): unknown };
  };
  const threads = process?.getBuiltinModule?.("node:worker_threads");
  const NodeWorker = (threads as { Worker?: NodeWorkerClass } | undefined)
    ?.Worker;
  if (NodeWorker) {
    const text = encodeURIComponent(nodePort + threadSource);
    const worker = new NodeWorker(
      new URL(`data:text/javascript,${text}`),
      { env: {} }, // A copy of the program's would need its permission.
    );
    worker.on("error", onError);
    worker.postMessage(start);
    worker.unref();
    return worker;
  }
  const url = URL.createObjectURL(
    new Blob([webPort + threadSource], { type: "text/javascript" }),
  );
  const worker = new Worker(url, { type: "module" });
  worker.onerror = onError;
  worker.postMessage(start);
  return worker;
}
