/**
 * Programs: jobs that are laid out once and run as often as one likes, in one go.
 *
 * @module
 */

import { layOut } from "./arena.ts";
import type { Block } from "./heap.ts";
import { describe, type Job } from "./pool.ts";
import type { Runtime } from "./means.ts";
import { type Field, type TaskName, tasks } from "./tasks.ts";

/** A value of a program, or memory that it needs for a while. */
export class Place {
  /** Where it stands, while the program runs. */
  address = 0;
  /** The job from which on nobody needs it. */
  end = Infinity;

  constructor(
    readonly shape: readonly number[],
    /** The first job that may use it. */
    readonly first: number,
  ) {}

  /** Floats, or words. */
  get length(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  get bytes(): number {
    return 4 * this.length;
  }
}

/** An address that is known, or a place that will have one. */
export type Address = number | Place;

/** A task's descriptor, whose addresses may be places. */
export type PlacedFields<T extends TaskName> = Readonly<
  Record<Field<T>, Address>
>;

/** A job as it was recorded. */
export interface RecordedJob {
  readonly task: TaskName;
  readonly chunks: number;
  readonly fields: Readonly<Record<string, Address>>;
  /** What it was recorded for. */
  readonly label: string;
}

/** Takes down jobs and the memory that they need. */
export class Recording {
  readonly jobs: RecordedJob[] = [];
  /** All places whose memory the program provides and that no constants fill. */
  readonly places: Place[] = [];
  readonly constants: Map<string, { place: Place; words: Uint32Array }> =
    new Map();
  /** What only the recorded jobs need. */
  readonly owned: { dispose(): void }[] = [];
  /** What the next jobs are for. */
  label = "";

  constructor(readonly runtime: Runtime) {}

  /** A value that is there from the start. */
  input(shape: readonly number[]): Place {
    return new Place(shape, 0);
  }

  /** Memory for the jobs from now on, until it is released. */
  reserve(shape: readonly number[]): Place {
    const place = new Place(shape, this.jobs.length);
    this.places.push(place);
    return place;
  }

  /** So many bytes for each thread; only the jobs until it is released need them. */
  reserveThreads(bytes: number): Place {
    return this.reserve([this.runtime.pool.threads, bytes / 4]);
  }

  /** The jobs from now on don't need it. */
  release(place: Place): void {
    place.end = this.jobs.length;
  }

  /** Words that are the same in each run; made once for each key. */
  constant(key: string, make: () => Uint32Array | Float32Array): Place {
    let constant = this.constants.get(key);
    if (!constant) {
      const { buffer, byteOffset, length } = make();
      const words = new Uint32Array(buffer, byteOffset, length);
      constant = { place: new Place([length], 0), words };
      this.constants.set(key, constant);
    }
    return constant.place;
  }

  /** Floats that no other constant equals. */
  floats(values: Float32Array): Place {
    return this.constant(`number ${this.constants.size}`, () => values);
  }

  /** Words that no other constant equals. */
  words(values: readonly number[]): Place {
    const words = Uint32Array.from(values);
    return this.constant(`number ${this.constants.size}`, () => words);
  }

  /** So many bytes of zeros. */
  zeros(bytes: number): Place {
    return this.constant(`zeros ${bytes}`, () => new Uint32Array(bytes / 4));
  }

  /** Adds a job: all chunks of a task, to be done when the jobs before are. */
  add<T extends TaskName>(
    task: T,
    chunks: number,
    fields: PlacedFields<T>,
  ): void {
    this.jobs.push({ task, chunks, fields, label: this.label });
  }
}

/** A word of a descriptor that is a place's address. */
interface Patch {
  readonly word: number;
  readonly place: Place;
}

/** A recording whose descriptors and constants stand on the heap. */
export class Program {
  /** Bytes of memory while it runs, besides inputs and outputs. */
  readonly arenaBytes: number;
  readonly jobs: readonly RecordedJob[];
  /** Where in the arena each place stands. */
  readonly arena: ReadonlyMap<Place, number>;
  readonly #runtime: Runtime;
  readonly #block: Block;
  readonly #jobs: readonly Job[];
  readonly #patches: readonly Patch[];
  readonly #owned: Recording["owned"];
  #disposed = false;

  /**
   * @param external Inputs and outputs, whose memory the caller provides.
   * @throws {RangeError} If the heap has no room.
   */
  constructor(recording: Recording, external: ReadonlySet<Place>) {
    const { runtime, jobs, constants } = recording;
    const places = recording.places.filter((place) => !external.has(place));
    const { offsets, bytes } = layOut(places);
    this.jobs = jobs;
    this.arenaBytes = bytes;
    this.arena = new Map(places.map((place, i) => [place, offsets[i]]));
    this.#runtime = runtime;
    this.#owned = recording.owned;
    const sizes = [
      ...[...constants.values()].map(({ words }) => words.length),
      ...jobs.map(({ task }) => tasks[task].length),
    ];
    this.#block = runtime.heap.allocate(4 * sizes.reduce((a, b) => a + b, 0));
    let { address } = this.#block;
    for (const { place, words } of constants.values()) {
      place.address = address;
      runtime.heap.words.set(words, address / 4);
      address += place.bytes;
    }
    const patches: Patch[] = [];
    this.#jobs = jobs.map(({ task, chunks, fields }) => {
      const descriptor = address;
      const names = tasks[task];
      const known = names.map((name, i) => {
        const value = fields[name];
        if (!(value instanceof Place)) return [name, value];
        if (external.has(value) || this.arena.has(value)) {
          patches.push({ word: descriptor / 4 + i, place: value });
        }
        return [name, value.address];
      });
      describe(runtime.heap, descriptor, task, Object.fromEntries(known));
      address += 4 * names.length;
      return { task, chunks, descriptor };
    });
    this.#patches = patches;
  }

  /**
   * Runs all jobs; the external places have their addresses.
   *
   * @throws {RangeError} If the heap has no room.
   */
  run(): void {
    if (this.#disposed) {
      throw new Error("the model was disposed while it was running");
    }
    const { heap, pool } = this.#runtime;
    // Between two runs the memory is anybody's.
    const block = heap.allocate(this.arenaBytes);
    try {
      for (const [place, offset] of this.arena) {
        place.address = block.address + offset;
      }
      const { words } = heap;
      for (const { word, place } of this.#patches) words[word] = place.address;
      pool.runAll(this.#jobs);
    } finally {
      block.free();
    }
  }

  /** Frees descriptors and constants, and what only the jobs needed. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#block.free();
    for (const owned of this.#owned) owned.dispose();
  }
}
