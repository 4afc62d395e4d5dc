/**
 * Progress bars, on a terminal only.
 *
 * @module
 */

import type { Io } from "./command.ts";

/** A running job's bar. */
export interface Progress {
  /** Shows how much is done. */
  update(done: number): void;
  /** Removes the bar. */
  stop(): void;
}

const nothing: Progress = { update() {}, stop() {} };

/** A bar for a share from 0 to 1. */
export async function startProgress(job: string, io: Io): Promise<Progress> {
  if (!io.stderr.isTTY) return nothing;
  const bar = await newBar(`${job} {bar} {percentage} % {eta_formatted}`, io);
  bar.start(1, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

/**
 * A bar for a number of pictures, with their rate and the time left.
 *
 * @param countAll Counts the pictures, if that is possible in advance.
 */
export async function startCount(
  job: string,
  io: Io,
  countAll: () => Promise<number | undefined>,
): Promise<Progress> {
  if (!io.stderr.isTTY) return nothing;
  const total = await countAll();
  const format = total === undefined
    ? `${job} {value} pictures, {rate}/s`
    : `${job} {bar} {percentage} % {value}/{total}, {rate}/s, {eta_formatted} left`;
  const bar = await newBar(format, io, 20);
  bar.start(total ?? 0, 0, { rate: "-" });
  let started: { time: number; done: number } | undefined;
  return {
    update(done) {
      const time = performance.now();
      // The first batch doesn't count: it loads code, or resumes far into the run.
      const rate = started
        ? 1000 * (done - started.done) / (time - started.time)
        : undefined;
      started ??= { time, done };
      bar.update(done, rate === undefined ? {} : { rate: rate.toFixed(1) });
    },
    stop: () => bar.stop(),
  };
}

async function newBar(format: string, { stderr: stream }: Io, barsize = 40) {
  const { SingleBar } = await import("cli-progress");
  return new SingleBar({
    ...{ stream, format, barsize },
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    linewrap: true, // Otherwise ^C leaves the terminal without line wrapping.
  });
}
