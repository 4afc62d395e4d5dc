/**
 * Workers that speak emscripten's pthread protocol, for the threaded build.
 *
 * Where there is `node:worker_threads` (Deno, Node) they start from a data URL: that needs no
 * permission, works for a module imported over HTTP, and such a worker can be unref'd, so that it
 * doesn't keep the process alive. Elsewhere they are Web Workers from a blob URL.
 *
 * @module
 */

import { type Factory, shadowed } from "./emscripten.ts";

/** What the glue code uses of a `Worker`. */
export interface PthreadWorker {
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (event: unknown) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
}

/** The part of `node:worker_threads`' `Worker` that is used here. */
interface NodeWorker {
  on(event: "message" | "error", listener: (data: unknown) => void): void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
  unref(): void;
}

type NodeWorkerClass = new (
  url: URL,
  options: { env: Record<string, string> },
) => NodeWorker;

function nodeWorkerClass(): NodeWorkerClass | undefined {
  // A static import of a `node:` module would break the browser.
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): unknown };
  };
  const threads = process?.getBuiltinModule?.("node:worker_threads");
  return (threads as { Worker?: NodeWorkerClass } | undefined)?.Worker;
}

/** True where a worker can be started at all. */
export function canStartWorkers(): boolean {
  return nodeWorkerClass() !== undefined || typeof Worker === "function";
}

const nodePort = `import { parentPort } from "node:worker_threads";
const self = globalThis;
const postMessage = (message) => parentPort.postMessage(message);
const listen = (receive) => parentPort.on("message", receive);
`;

const webPort =
  `const listen = (receive) => { self.onmessage = (e) => receive(e.data); };
`;

/** The worker's side of the protocol: `load` the module, then `run` a pthread in it. */
const protocol = `
let module = {}, started = false;
function startWorker(instance) { module = instance; postMessage({ cmd: "loaded" }); }
const commands = {
  load({ wasmModule, wasmMemory }) {
    factory({
      ENVIRONMENT_IS_PTHREAD: true, wasmMemory, buffer: wasmMemory.buffer,
      instantiateWasm(imports, receive) {
        const instance = new WebAssembly.Instance(wasmModule, imports);
        receive(instance);
        return instance.exports;
      },
    });
  },
  run({ pthread_ptr, start_routine, arg }) {
    module.__emscripten_thread_init(pthread_ptr, 0, 0, 1);
    module.establishStackSpace();
    module.PThread.threadInitTLS();
    started = true;
    try { module.invokeEntryPoint(start_routine, arg); } catch (e) { if (e !== "unwind") throw e; }
  },
  processProxyingQueue({ queue }) { if (started) module.executeNotifiedProxyingQueue(queue); },
};
listen((message) => commands[message.cmd]?.(message));
`;

function workerText(port: string, factory: Factory): string {
  const hidden = Object.keys(shadowed).map((name) => `${name} = undefined`);
  return `${port}const ${
    hidden.join(", ")
  };\nconst factory = ${factory};\n${protocol}`;
}

function startNodeWorker(
  NodeWorker: NodeWorkerClass,
  factory: Factory,
): PthreadWorker {
  const text = workerText(nodePort, factory);
  const inner = new NodeWorker(
    new URL(`data:text/javascript,${encodeURIComponent(text)}`),
    { env: {} }, // A copy of the program's would need its permission.
  );
  const worker: PthreadWorker = {
    postMessage: (message, transfer) => inner.postMessage(message, transfer),
    terminate: () => inner.terminate(),
  };
  inner.on("message", (data) => {
    // Until it is loaded somebody waits for it; from then on it must not keep the process alive.
    if ((data as { cmd?: string }).cmd === "loaded") inner.unref();
    worker.onmessage?.({ data });
  });
  inner.on("error", (error) => worker.onerror?.(error));
  return worker;
}

function startWebWorker(
  factory: Factory,
  onError: (error: Error) => void,
): PthreadWorker {
  const text = workerText(webPort, factory);
  const url = URL.createObjectURL(
    new Blob([text], { type: "text/javascript" }),
  );
  const worker = new Worker(url, { type: "module" });
  // The glue code would wait for it for ever.
  worker.addEventListener(
    "error",
    ({ message }) => onError(new Error(message || "a worker can't be started")),
  );
  return worker as unknown as PthreadWorker;
}

/**
 * A `Worker` class for the glue code, of which only the first `count` are real.
 *
 * The glue code starts eight workers whatever the number of threads, and waits for all of them;
 * the others only answer that they are loaded.
 *
 * @param onError Called if a Web Worker doesn't start, as under a strict content policy.
 */
export function pthreadWorkerClass(
  factory: Factory,
  count: number,
  onError: (error: Error) => void,
): new () => PthreadWorker {
  const NodeWorker = nodeWorkerClass();
  let made = 0;
  return class {
    constructor() {
      if (made++ < count) {
        return NodeWorker
          ? startNodeWorker(NodeWorker, factory)
          : startWebWorker(factory, onError);
      }
      const idle: PthreadWorker = {
        postMessage: () =>
          queueMicrotask(() => idle.onmessage?.({ data: { cmd: "loaded" } })),
        terminate: () => {},
      };
      return idle;
    }
  } as unknown as new () => PthreadWorker;
}
