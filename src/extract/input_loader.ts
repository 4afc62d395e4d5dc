/**
 * Pictures decoded in threads, while the network runs.
 *
 * @module
 */

import "../runtime/dispose.ts";
import { warnOnConsole } from "../errors/printable.ts";
import type { Preset } from "../arch/preset.ts";
import { expected } from "../errors/expected.ts";
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

/** What a thread says of a job. */
interface Answer {
  readonly id: number;
  /** Its picture is being decoded. */
  readonly begins?: boolean;
  readonly warning?: string;
  readonly input?: ShapedArray;
  readonly error?: { readonly name: string; readonly message: string };
}

/** Reads files side by side, and decodes one after the other. */
const threadText = `
let turn = Promise.resolve();
listen(async ({ id, url, preset, options, file }) => {
  const { loadInput, readInput } = await import(url);
  const warn = (warning) => post({ id, warning });
  const decode = (read) => {
    post({ id, begins: true });
    return loadInput(read, preset, { ...options, warn });
  };
  try {
    const read = await readInput(file, options);
    const decoded = turn.then(() => decode(read));
    turn = decoded.catch(() => {});
    const input = await decoded;
    post({ id, input }, [input.data.buffer]);
  } catch ({ name, message }) {
    post({ id, error: { name, message } });
  }
});
`;

/** A picture that a thread has not answered yet. */
interface Job {
  readonly file: string | NamedBytes;
  resolve(input: unknown): void;
  reject(error: Error): void;
}

/** Milliseconds for messages to arrive that waited while this thread was busy. */
const GRACE = 100;

/** A thread, and another in its place if a picture takes too long. */
class DecodingThread {
  readonly #jobs = new Map<number, Job>();
  #thread: Thread = this.#start();
  #nextId = 0;
  #isBroken = false;
  /** The picture that is being decoded, and when to give it up. */
  #current: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly preset: Preset, readonly options: InputOptions) {}

  get waiting(): number {
    return this.#jobs.size;
  }

  load(file: string | NamedBytes): Promise<ShapedArray> {
    if (this.#isBroken) return loadInput(file, this.preset, this.options);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#jobs.set(id, { file: compact(file), resolve, reject });
      this.#post(id);
    });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#thread.terminate();
  }

  #start(): Thread {
    return startThread(threadText, {
      onMessage: (answer: Answer) => this.#take(answer),
      onError: () => this.#takeOver(),
    });
  }

  #post(id: number): void {
    const { preset } = this;
    const { file } = this.#jobs.get(id)!;
    const { warn: _, ...options } = this.options; // A function can't be sent.
    this.#thread.post({ id, url: moduleUrl, preset, options, file });
  }

  #take({ id, begins, warning, input, error }: Answer): void {
    const job = this.#jobs.get(id);
    if (!job) return; // Its thread has ended.
    if (begins) return this.#watch(id);
    if (warning !== undefined) {
      const { warn = warnOnConsole } = this.options;
      return warn(warning);
    }
    if (id === this.#current) clearTimeout(this.#timer);
    this.#jobs.delete(id);
    if (error) job.reject(Object.assign(new Error(error.message), error));
    else job.resolve(input);
  }

  /** Waits for a picture. */
  #watch(id: number): void {
    this.#current = id;
    const milliseconds = 1000 * this.options.pictureSeconds!;
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => this.#giveUp(id), GRACE);
    }, milliseconds);
  }

  /** Ends the thread that decodes a picture; another does the other jobs. */
  #giveUp(id: number): void {
    const { file, reject } = this.#jobs.get(id)!;
    this.#jobs.delete(id);
    void this.#thread.terminate();
    this.#thread = this.#start();
    for (const id of this.#jobs.keys()) this.#post(id);
    const name = typeof file === "string" ? file : file.path;
    reject(
      new RangeError(
        `cannot decode "${name}": it takes more than ${this.options.pictureSeconds} seconds (pictureSeconds)`,
      ),
    );
  }

  /** Does the jobs here, because the thread can't start (say, for lack of a permission). */
  #takeOver(): void {
    this.#isBroken = true;
    clearTimeout(this.#timer);
    for (const { file, resolve } of this.#jobs.values()) {
      resolve(loadInput(file, this.preset, this.options));
    }
    this.#jobs.clear();
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
  const { pictureSeconds } = options;
  if (!(pictureSeconds! > 0 && pictureSeconds! <= 1e6)) { // Timers go up to 24 days.
    throw new RangeError(
      expected(
        "pictureSeconds",
        "a number above 0 and up to 1000000",
        pictureSeconds,
      ),
    );
  }
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
