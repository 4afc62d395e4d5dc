/**
 * Programs: recorded jobs whose descriptors stand in memory, to be run many times.
 *
 * @module
 */

import { assignOffsets } from "./arena.ts";
import type { Device } from "./device.ts";
import type { Block } from "./heap.ts";
import { describe, type Job } from "./pool.ts";
import { Place, type RecordedJob, type Recording } from "./recording.ts";
import { tasks } from "./tasks.ts";

/** A word of a descriptor that is a place's address. */
interface Patch {
  readonly word: number;
  readonly place: Place;
}

/** A recording whose descriptors and constants stand on the heap. */
export class Program {
  /** Bytes of memory that a run needs besides inputs and outputs. */
  readonly arenaBytes: number;
  readonly jobs: readonly RecordedJob[];
  /** The offset of each place in the arena. */
  readonly arena: ReadonlyMap<Place, number>;
  readonly #device: Device;
  readonly #block: Block;
  readonly #jobs: readonly Job[];
  readonly #patches: readonly Patch[];
  readonly #owned: Recording["owned"];
  #disposed = false;

  /**
   * @param external Inputs and outputs; the caller provides their memory.
   * @throws {RangeError} If the heap has no room.
   */
  constructor(recording: Recording, external: ReadonlySet<Place>) {
    const { device, jobs, constants } = recording;
    const places = recording.places.filter((place) => !external.has(place));
    const { offsets, bytes } = assignOffsets(places);
    this.jobs = jobs;
    this.arenaBytes = bytes;
    this.arena = new Map(places.map((place, i) => [place, offsets[i]]));
    this.#device = device;
    this.#owned = recording.owned;
    const sizes = [
      ...[...constants.values()].map(({ words }) => words.length),
      ...jobs.map(({ task }) => tasks[task].length),
    ];
    this.#block = device.heap.allocate(4 * sizes.reduce((a, b) => a + b, 0));
    let { address } = this.#block;
    for (const { place, words } of constants.values()) {
      place.address = address;
      device.heap.words.set(words, address / 4);
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
      describe(device.heap, descriptor, task, Object.fromEntries(known));
      address += 4 * names.length;
      return { task, chunks, descriptor };
    });
    this.#patches = patches;
  }

  /**
   * Runs all jobs. The external places must have their addresses.
   *
   * @throws {RangeError} If the heap has no room.
   */
  run(): void {
    if (this.#disposed) {
      throw new Error("the model was disposed while it was running");
    }
    const { heap, pool } = this.#device;
    // Between runs others use this memory.
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
