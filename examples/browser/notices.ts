/// <reference lib="dom" />
/**
 * Notices of work in progress and of problems.
 *
 * @module
 */

import { byId, make } from "./dom.ts";
import type { Progress } from "./protocol.ts";

/** Milliseconds before work gets a notice. */
const patience = 200;

const busy = byId("busy", HTMLElement);
const problem = byId("problem", HTMLElement);

/** Work with a notice until it ends, which the user may cancel. */
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

  /** Aborted when the user cancels, or when other work replaces this. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Updates the notice. */
  readonly progress = (progress: Progress): void => {
    this.#progress = progress;
    Work.#show();
  };

  /** Aborts the signal. */
  cancel(): void {
    this.#controller.abort();
  }

  /** Removes the notice. Safe to call twice. */
  end(): void {
    clearTimeout(this.#timer);
    const at = Work.#running.indexOf(this);
    if (at >= 0) Work.#running.splice(at, 1);
    Work.#show();
  }

  /** Shows the most recent work that has waited long enough. */
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

/** Shows what to do about an error, with its message. */
export function showProblem(error: unknown, advice: string): void {
  const message = (error as Error).message ?? `${error}`;
  tell(`${advice} (${message})`);
}

/** Shows a problem and a link that helps. */
export function tell(text: string, link?: string): void {
  const parts = link ? [" ", make("a", { href: link }, link)] : [];
  problem.querySelector("p")!.replaceChildren(text, ...parts);
  problem.hidden = false;
}

/** Hides the problem. */
export function hideProblem(): void {
  problem.hidden = true;
}

problem.querySelector("button")!.onclick = hideProblem;
