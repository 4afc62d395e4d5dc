/**
 * Pictures decoded in workers, while the network runs.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { loadInput, moduleUrl, type NamedBytes } from "./load_input.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Loads pictures; it may do several at a time. */
export interface InputLoader extends AsyncDisposable {
  /** A picture as `[H, W, 3]`. */
  load(file: string | NamedBytes): Promise<ShapedArray>;
}

/** The part of `node:worker_threads`' `Worker` that is used here. */
interface NodeWorker {
  on(event: "message" | "error", listener: (data: never) => void): void;
  postMessage(message: unknown): void;
  terminate(): Promise<unknown>;
}

type NodeWorkerClass = new (
  url: URL,
  options: { env: Record<string, string>; workerData: unknown },
) => NodeWorker;

/** What a worker answers. */
interface Answer {
  readonly id: number;
  readonly input?: ShapedArray;
  readonly error?: { readonly name: string; readonly message: string };
}

/** From a data URL it starts wherever this module came from, and asks for no permission. */
const workerText =
  `import { parentPort, workerData } from "node:worker_threads";
const { url, preset } = workerData;
const { loadInput } = await import(url);
parentPort.on("message", async ({ id, file }) => {
  try {
    const input = await loadInput(file, preset);
    parentPort.postMessage({ id, input }, [input.data.buffer]);
  } catch ({ name, message }) {
    parentPort.postMessage({ id, error: { name, message } });
  }
});
`;

/** A worker, and what it has still to answer. */
class Loader {
  readonly #jobs = new Map<
    number,
    {
      file: string | NamedBytes;
      resolve(input: unknown): void;
      reject(error: Error): void;
    }
  >();
  readonly #worker: NodeWorker;
  #nextId = 0;
  #isBroken = false;

  constructor(Worker: NodeWorkerClass, readonly preset: Preset) {
    const text = encodeURIComponent(workerText);
    this.#worker = new Worker(new URL(`data:text/javascript,${text}`), {
      env: {}, // A copy of the program's would need its permission.
      workerData: { url: moduleUrl, preset },
    });
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", () => this.#takeOver());
  }

  get waiting(): number {
    return this.#jobs.size;
  }

  load(file: string | NamedBytes): Promise<ShapedArray> {
    if (this.#isBroken) return loadInput(file, this.preset);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#jobs.set(id, { file, resolve, reject });
      this.#worker.postMessage({ id, file: compact(file) });
    });
  }

  #settle({ id, input, error }: Answer): void {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (error) job?.reject(Object.assign(new Error(error.message), error));
    else job?.resolve(input);
  }

  /** It could not start, for want of a permission say: its work is done here. */
  #takeOver(): void {
    this.#isBroken = true;
    for (const { file, resolve } of this.#jobs.values()) {
      resolve(loadInput(file, this.preset));
    }
    this.#jobs.clear();
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** The same in a buffer of its own: the copy that a message is takes the whole buffer. */
function compact(file: string | NamedBytes): string | NamedBytes {
  if (typeof file === "string") return file;
  const { path, content } = file;
  const isWhole = content.byteLength === content.buffer.byteLength;
  return isWhole ? file : { path, content: content.slice() };
}

/**
 * Starts loading in at most `count` workers, each when there is work for it. Where workers can't
 * be had, or for 0, it is this thread that loads.
 */
export function startInputLoader(preset: Preset, count: number): InputLoader {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): unknown };
  };
  const threads = process?.getBuiltinModule?.("node:worker_threads") as
    | { Worker?: NodeWorkerClass }
    | undefined;
  const loaders: Loader[] = [];
  return {
    load(file) {
      if (!threads?.Worker || count === 0) return loadInput(file, preset);
      let idlest = loaders.toSorted((a, b) => a.waiting - b.waiting)[0];
      if (loaders.length < count && (idlest?.waiting ?? 1) > 0) {
        idlest = new Loader(threads.Worker, preset);
        loaders.push(idlest);
      }
      return idlest.load(file);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(loaders.map((loader) => loader.stop()));
    },
  };
}
