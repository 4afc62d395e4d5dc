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
import {
  type InputOptions,
  inputOptions,
  loadInput,
  moduleUrl,
  type NamedBytes,
} from "./load_input.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Loads pictures, possibly several at a time. */
export interface InputLoader extends AsyncDisposable {
  /** Reads a picture: `[H, W, 3]`, normalized. */
  load(file: string | NamedBytes): Promise<ShapedArray>;
}

/** A thread's answer to a job. */
interface Answer {
  readonly id: number;
  readonly warning?: string;
  readonly input?: ShapedArray;
  readonly error?: { readonly name: string; readonly message: string };
}

const threadText = `
listen(async ({ id, url, preset, options, file }) => {
  const { loadInput } = await import(url);
  try {
    const warn = (warning) => post({ id, warning });
    const input = await loadInput(file, preset, { ...options, warn });
    post({ id, input }, [input.data.buffer]);
  } catch ({ name, message }) {
    post({ id, error: { name, message } });
  }
});
`;

/** A thread, and the jobs that it has not answered yet. */
class DecodingThread {
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

  constructor(readonly preset: Preset, readonly options: InputOptions) {
    this.#thread = startThread(threadText, {
      onMessage: (answer: Answer) => this.#settle(answer),
      onError: () => this.#takeOver(),
    });
  }

  get waiting(): number {
    return this.#jobs.size;
  }

  load(file: string | NamedBytes): Promise<ShapedArray> {
    const { preset } = this;
    if (this.#isBroken) return loadInput(file, preset, this.options);
    const { warn: _, ...options } = this.options; // A function can't be sent.
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#jobs.set(id, { file, resolve, reject });
      const message = { id, url: moduleUrl, preset, options };
      this.#thread.post({ ...message, file: compact(file) });
    });
  }

  #settle({ id, warning, input, error }: Answer): void {
    if (warning !== undefined) {
      const { warn = console.warn } = this.options;
      return warn(warning);
    }
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (error) job?.reject(Object.assign(new Error(error.message), error));
    else job?.resolve(input);
  }

  /** Does the jobs here, because the thread can't start (say, for lack of a permission). */
  #takeOver(): void {
    this.#isBroken = true;
    for (const { file, resolve } of this.#jobs.values()) {
      resolve(loadInput(file, this.preset, this.options));
    }
    this.#jobs.clear();
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The same file in a buffer of its own, since a message copies the whole buffer. */
function compact(file: string | NamedBytes): string | NamedBytes {
  if (typeof file === "string") return file;
  const { path, content } = file;
  const isWhole = content.byteLength === content.buffer.byteLength;
  return isWhole ? file : { path, content: content.slice() };
}

/**
 * Loads pictures in up to `count` threads, each started when it has work. Without threads, or for
 * 0, the calling thread loads them.
 */
export function startInputLoader(
  preset: Preset,
  count: number,
  given: InputOptions = {},
): InputLoader {
  const options = inputOptions(given);
  const threads: DecodingThread[] = [];
  return {
    load(file) {
      if (count === 0 || !canImportInThreads()) {
        return loadInput(file, preset, options);
      }
      let idlest = threads.toSorted((a, b) => a.waiting - b.waiting)[0];
      if (threads.length < count && (idlest?.waiting ?? 1) > 0) {
        idlest = new DecodingThread(preset, options);
        threads.push(idlest);
      }
      return idlest.load(file);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}
