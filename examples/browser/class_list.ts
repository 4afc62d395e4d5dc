/// <reference lib="dom" />
/**
 * The network's top classes for the picture.
 *
 * @module
 */

import { byId, make } from "./dom.ts";
import type { ClassScore } from "./protocol.ts";

/** The list of top classes under the picture. */
export class ClassList {
  readonly #list = byId("classes", HTMLOListElement);
  readonly #headless = byId("headless", HTMLElement);
  readonly #choose: (score: ClassScore) => void;

  /** @param choose Called with the class that was clicked. */
  constructor(choose: (score: ClassScore) => void) {
    this.#choose = choose;
  }

  /** Shows classes; an empty list means that the network has no head. */
  show(classes: readonly ClassScore[]): void {
    this.#headless.hidden = classes.length > 0;
    this.#list.replaceChildren(...classes.map((item) => {
      const percent = `${(100 * item.score).toFixed(1)} %`;
      const button = make(
        "button",
        {
          type: "button",
          ariaPressed: "false",
          onclick: () => this.#choose(item),
        },
        make("span", {}, item.label),
        make("span", {}, percent),
      );
      button.style.setProperty("--score", `${item.score}`);
      button.dataset.index = `${item.index}`;
      return make("li", {}, button);
    }));
  }

  /** Marks the class whose evidence is laid over the picture, if any. */
  mark(index: number | undefined): void {
    for (const button of this.#list.querySelectorAll("button")) {
      button.ariaPressed = `${button.dataset.index === `${index}`}`;
    }
  }
}
