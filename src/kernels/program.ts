/**
 * Programs: recorded jobs whose descriptors stand in memory, to be run many times.
 *
 * @module
 */

import { arenaBlockBytes, assignOffsets } from "./arena.ts";
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
  readonly #arenaBlocks: readonly number[];
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
    const { offsets, blocks } = assignOffsets(places);
    this.jobs = jobs;
    this.#arenaBlocks = blocks;
    this.arenaBytes = blocks.reduce((a, b) => a + b, 0);
    this.arena = new Map(places.map((place, i) => [place, offsets[i]]));
    this.#device = device;
    this.#owned = recording.owned;
    this.#block = device.heap.allocate(recording.programBytes);
    let { address } = this.#block;
    for (const { place, make } of constants.values()) {
      place.address = address;
      const values = make(), { words, floats } = device.heap;
      const view = values instanceof Float32Array ? floats : words;
      view.set(values, address / 4);
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
    const blocks = heap.allocateAll(this.#arenaBlocks);
    try {
      for (const [place, offset] of this.arena) {
        const block = blocks[Math.floor(offset / arenaBlockBytes)];
        place.address = block.address + offset % arenaBlockBytes;
      }
      const { words } = heap;
      for (const { word, place } of this.#patches) words[word] = place.address;
      pool.runAll(this.#jobs);
    } finally {
      for (const block of blocks) block.free();
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
