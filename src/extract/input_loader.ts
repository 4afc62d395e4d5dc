/**
 * Pictures decoded in threads, while the network runs.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import {
  canImportInThreads,
  startThread,
  type Thread,
} from "../runtime/thread.ts";
import { loadInput, moduleUrl, type NamedBytes } from "./load_input.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Loads pictures; it may do several at a time. */
export interface InputLoader extends AsyncDisposable {
  /** A picture as `[H, W, 3]`. */
  load(file: string | NamedBytes): Promise<ShapedArray>;
}

/** What a thread answers. */
interface Answer {
  readonly id: number;
  readonly input?: ShapedArray;
  readonly error?: { readonly name: string; readonly message: string };
}

const threadText = `
listen(async ({ id, url, preset, file }) => {
  const { loadInput } = await import(url);
  try {
    const input = await loadInput(file, preset);
    post({ id, input }, [input.data.buffer]);
  } catch ({ name, message }) {
    post({ id, error: { name, message } });
  }
});
`;

/** A thread, and what it has still to answer. */
class Loader {
  readonly #jobs = new Map<
    number,
    {
      file: string | NamedBytes;
      resolve(input: unknown): void;
      reject(error: Error): void;
    }
  >();
  readonly #thread: Thread;
  #nextId = 0;
  #isBroken = false;

  constructor(readonly preset: Preset) {
    this.#thread = startThread(threadText, {
      onMessage: (answer: Answer) => this.#settle(answer),
      onError: () => this.#takeOver(),
    });
  }

  get waiting(): number {
    return this.#jobs.size;
  }

  load(file: string | NamedBytes): Promise<ShapedArray> {
    if (this.#isBroken) return loadInput(file, this.preset);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#jobs.set(id, { file, resolve, reject });
      const { preset } = this;
      this.#thread.post({ id, url: moduleUrl, preset, file: compact(file) });
    });
  }

  #settle({ id, input, error }: Answer): void {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (error) job?.reject(Object.assign(new Error(error.message), error));
    else job?.resolve(input);
  }

  /** The thread can't start, as without a permission: this one does its work. */
  #takeOver(): void {
    this.#isBroken = true;
    for (const { file, resolve } of this.#jobs.values()) {
      resolve(loadInput(file, this.preset));
    }
    this.#jobs.clear();
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The same file in a buffer of its own: a message copies the whole buffer. */
function compact(file: string | NamedBytes): string | NamedBytes {
  if (typeof file === "string") return file;
  const { path, content } = file;
  const isWhole = content.byteLength === content.buffer.byteLength;
  return isWhole ? file : { path, content: content.slice() };
}

/**
 * Loads in up to `count` threads, each started when there is work for it. This thread does the work
 * if there are no threads or `count` is 0.
 */
export function startInputLoader(preset: Preset, count: number): InputLoader {
  const loaders: Loader[] = [];
  return {
    load(file) {
      if (count === 0 || !canImportInThreads()) return loadInput(file, preset);
      let idlest = loaders.toSorted((a, b) => a.waiting - b.waiting)[0];
      if (loaders.length < count && (idlest?.waiting ?? 1) > 0) {
        idlest = new Loader(preset);
        loaders.push(idlest);
      }
      return idlest.load(file);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(loaders.map((loader) => loader.stop()));
    },
  };
}
