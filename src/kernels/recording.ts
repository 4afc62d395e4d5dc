/**
 * Recordings: jobs and the memory that they need, before either has an address.
 *
 * @module
 */

import type { Device } from "./device.ts";
import { type Field, type TaskName, tasks } from "./tasks.ts";

/** A value of a recording, or memory that it needs for a while. */
export class Place {
  /** Its address while the program runs. */
  address = 0;
  /** The first job that doesn't need it any more. */
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

/** A known address, or a place that will have one. */
export type Address = number | Place;

/** A task's descriptor, in which addresses may be places. */
export type PlacedFields<T extends TaskName> = Readonly<
  Record<Field<T>, Address>
>;

/** A recorded job. */
export interface RecordedJob {
  readonly task: TaskName;
  readonly chunks: number;
  readonly fields: Readonly<Record<string, Address>>;
  /** The step that it belongs to. */
  readonly label: string;
}

type Words = Uint32Array | Float32Array;

/** Words that are the same in each run. */
interface Constant {
  readonly place: Place;
  /** Computes them. */
  make(): Words;
}

/** Records jobs and the memory that they need. */
export class Recording {
  readonly jobs: RecordedJob[] = [];
  /** Places in the program's memory, constants excluded. */
  readonly places: Place[] = [];
  readonly constants: Map<string, Constant> = new Map();
  /** What only the recorded jobs need. */
  readonly owned: { dispose(): void }[] = [];
  /** The step that the next jobs belong to. */
  label = "";

  constructor(readonly device: Device) {}

  /** A value that exists from the start. */
  input(shape: readonly number[]): Place {
    return new Place(shape, 0);
  }

  /** Memory for the jobs from now on, until it is released. */
  reserve(shape: readonly number[]): Place {
    const place = new Place(shape, this.jobs.length);
    this.places.push(place);
    return place;
  }

  /** That many bytes for each thread, until they are released. */
  reserveThreads(bytes: number): Place {
    return this.reserve([this.device.pool.threads, bytes / 4]);
  }

  /** The jobs from now on don't need this place. */
  release(place: Place): void {
    place.end = this.jobs.length;
  }

  /** Words that are the same in each run, that many; computed once for each key, for a program. */
  constant(key: string, length: number, make: () => Words): Place {
    let constant = this.constants.get(key);
    if (!constant) {
      constant = { place: new Place([length], 0), make };
      this.constants.set(key, constant);
    }
    return constant.place;
  }

  /** A constant of its own. */
  values(values: Words): Place {
    const key = `number ${this.constants.size}`;
    return this.constant(key, values.length, () => values);
  }

  /** That many zero bytes. */
  zeros(bytes: number): Place {
    const length = bytes / 4;
    return this.constant(
      `zeros ${bytes}`,
      length,
      () => new Uint32Array(length),
    );
  }

  /** Bytes of the constants and of the jobs' descriptors. */
  get programBytes(): number {
    const sizes = [
      ...[...this.constants.values()].map(({ place }) => place.bytes),
      ...this.jobs.map(({ task }) => 4 * tasks[task].length),
    ];
    return sizes.reduce((a, b) => a + b, 0);
  }

  /** Adds a job: all chunks of a task. It runs when the jobs before it are done. */
  add<T extends TaskName>(
    task: T,
    chunks: number,
    fields: PlacedFields<T>,
  ): void {
    this.jobs.push({ task, chunks, fields, label: this.label });
  }
}
