import type { Io } from "./command.ts";

/** How far a long job is. */
export interface Progress {
  /** Shows the share that is done, 0..1. */
  update(done: number): void;
  /** Takes the bar away. */
  stop(): void;
}

/** A progress bar on a terminal, nothing elsewhere. */
export async function startProgress(
  job: string,
  { stderr }: Io,
): Promise<Progress> {
  if (!stderr.isTTY) return { update() {}, stop() {} };
  const { SingleBar } = await import("cli-progress");
  const bar = new SingleBar({
    stream: stderr,
    format: `${job} {bar} {percentage} % {eta_formatted}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    linewrap: true, // Else it switches wrapping off, and ^C leaves the terminal so.
  });
  bar.start(1, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
