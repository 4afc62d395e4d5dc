import process from "node:process";

/** The user pressed Ctrl+C: exit status 130. */
export class InterruptedError extends Error {}

/** Turns the first Ctrl+C into a signal; a second one ends the process at once. */
export function onInterrupt(): {
  readonly signal: AbortSignal;
  /** Ctrl+C ends the process again. */
  ignore(): void;
} {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort);
  return {
    signal: controller.signal,
    ignore: () => void process.off("SIGINT", abort),
  };
}
