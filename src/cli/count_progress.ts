import type { Io } from "./command.ts";
import type { Progress } from "./progress.ts";

/**
 * How many pictures are done of how many, the rate and the time left, on a terminal; nothing
 * elsewhere.
 *
 * @param total Counts them, if they can be counted beforehand; only asked for a terminal.
 */
export async function startCount(
  job: string,
  { stderr }: Io,
  total: () => Promise<number | undefined>,
): Promise<Progress> {
  if (!stderr.isTTY) return { update() {}, stop() {} };
  const { SingleBar } = await import("cli-progress");
  const known = await total();
  const format = known === undefined
    ? `${job} {value} pictures, {rate}/s`
    : `${job} {bar} {percentage} % {value}/{total}, {rate}/s, {eta_formatted} left`;
  const bar = new SingleBar({
    stream: stderr,
    format,
    barsize: 20,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    linewrap: true, // Else it switches wrapping off, and ^C leaves the terminal so.
  });
  bar.start(known ?? 0, 0, { rate: "-" });
  let started: { time: number; done: number } | undefined;
  return {
    update(done) {
      const time = performance.now();
      // From the second batch on: the first one waits for code to load, and a resumed run is
      // far already.
      const rate = started
        ? 1000 * (done - started.done) / (time - started.time)
        : undefined;
      started ??= { time, done };
      bar.update(done, rate === undefined ? {} : { rate: rate.toFixed(1) });
    },
    stop: () => bar.stop(),
  };
}
