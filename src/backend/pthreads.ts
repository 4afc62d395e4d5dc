/**
 * Threads that speak emscripten's pthread protocol, for the threaded build.
 *
 * @module
 */

import { startThread } from "../runtime/thread.ts";
import type { Factory } from "./emscripten.ts";

/** The part of a `Worker` that the glue code uses. */
export interface Pthread {
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (event: unknown) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
}

/** A thread has no script of its own, and must not take the factory's path for Node. */
const scope = `
const process = undefined, require = undefined, _scriptDir = undefined;
`;

/** The thread's side of the protocol: `load` the module, then `run` a pthread in it. */
const protocol = `
const self = globalThis, postMessage = post;
let module = {}, started = false;
function startWorker(instance) { module = instance; post({ cmd: "loaded" }); }
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

function startPthread(
  factory: Factory,
  onError: (error: Error) => void,
): Pthread {
  const text = `${scope}const factory = ${factory};\n${protocol}`;
  const thread = startThread(text, {
    onMessage(data: { cmd?: string }) {
      // The start waits for it until it is loaded; then the process may end without it.
      if (data.cmd === "loaded") thread.unref();
      pthread.onmessage?.({ data });
    },
    onError(error) {
      onError(error); // The glue code would wait for it forever.
      pthread.onerror?.(error);
    },
  });
  const pthread: Pthread = {
    postMessage: (message, transfer) => thread.post(message, transfer),
    terminate: () => void thread.terminate(),
  };
  return pthread;
}

/** A thread that only says that it is loaded. */
function idlePthread(): Pthread {
  const pthread: Pthread = {
    postMessage: () =>
      queueMicrotask(() => pthread.onmessage?.({ data: { cmd: "loaded" } })),
    terminate: () => {},
  };
  return pthread;
}

/**
 * A `Worker` class for the glue code, which starts eight whatever the number of threads and waits
 * for all of them; only the first `count` are real, and start now.
 *
 * @param onError Called if a thread can't start, as under a strict content policy.
 */
export function pthreadClass(
  factory: Factory,
  count: number,
  onError: (error: Error) => void,
): new () => Pthread {
  const threads = Array.from(
    { length: count },
    () => startPthread(factory, onError),
  );
  return class {
    constructor() {
      return threads.shift() ?? idlePthread();
    }
  } as unknown as new () => Pthread;
}
