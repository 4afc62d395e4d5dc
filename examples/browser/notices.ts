/// <reference lib="dom" />
/**
 * What goes on, and what went wrong.
 *
 * @module
 */

import { byId } from "./dom.ts";
import type { Progress } from "./protocol.ts";

/** What ends so soon isn't worth a notice. */
const patience = 200;

const busy = byId("busy", HTMLElement);
const problem = byId("problem", HTMLElement);

/** Work that is shown until it ends, and that somebody may cancel. */
export class Work {
  static readonly #running: Work[] = [];
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #progress: Progress;
  #isShown = false;

  constructor(what: string) {
    this.#progress = { what, share: NaN };
    Work.#running.push(this);
    this.#timer = setTimeout(() => {
      this.#isShown = true;
      Work.#show();
    }, patience);
  }

  /** Aborted when somebody cancels, or when other work takes its place. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Says how far it is. */
  readonly progress = (progress: Progress): void => {
    this.#progress = progress;
    Work.#show();
  };

  /** Asks for its end. */
  cancel(): void {
    this.#controller.abort();
  }

  /** It is done. Safe to call twice. */
  end(): void {
    clearTimeout(this.#timer);
    const at = Work.#running.indexOf(this);
    if (at >= 0) Work.#running.splice(at, 1);
    Work.#show();
  }

  /** Shows the last that has begun, of those that take long. */
  static #show(): void {
    const work = Work.#running.findLast((work) => work.#isShown);
    busy.hidden = !work;
    if (!work) return;
    const { what, share } = work.#progress;
    busy.querySelector("p")!.textContent = what;
    const bar = busy.querySelector("progress")!;
    if (Number.isFinite(share)) bar.value = share;
    else bar.removeAttribute("value");
  }

  static {
    busy.querySelector("button")!.onclick = () =>
      Work.#running.at(-1)?.cancel();
  }
}

/** Says what went wrong, and what to do about it. */
export function showProblem(error: unknown, advice: string): void {
  const message = (error as Error).message ?? `${error}`;
  problem.querySelector("p")!.textContent = `${advice} (${message})`;
  problem.hidden = false;
}

/** Takes the last problem away. */
export function hideProblem(): void {
  problem.hidden = true;
}

problem.querySelector("button")!.onclick = hideProblem;
