/**
 * Runs one parser's inputs, and shares the number of the current one with `fuzz.ts`.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import type { ParserName } from "./fuzz_parsers.ts";
import { fuzz } from "./fuzz_run.ts";

/** What to run. */
export interface Job {
  readonly parser: ParserName;
  readonly count: number;
  readonly seed: number;
  /** An Int32 for the number of the input. */
  readonly place: SharedArrayBuffer;
}

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  const place = new Int32Array(data.place);
  self.postMessage(
    await fuzz(data.parser, data.count, data.seed, (i) => {
      Atomics.store(place, 0, i);
    }),
  );
};
