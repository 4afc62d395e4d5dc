/// <reference lib="dom" />
/**
 * The network's top classes for the picture.
 *
 * @module
 */

import { byId, make, sides } from "./dom.ts";
import type { ClassScore } from "./protocol.ts";

/** The list of top classes under the picture. */
export class ClassList {
  readonly #list = byId("classes", HTMLOListElement);
  readonly #headless = byId("headless", HTMLElement);
  readonly #choose: (index: number) => void;

  /** @param choose Called with the class that was clicked. */
  constructor(choose: (index: number) => void) {
    this.#choose = choose;
  }

  /** The name of a class of the list. */
  label(index: number): string {
    const button = this.#list.querySelector(`[data-index="${index}"] span`);
    return button?.textContent ?? `class ${index}`;
  }

  /**
   * Shows the classes of each picture, or that the network has no head.
   *
   * @param names Names in place of the network's own.
   */
  show(
    pictures: readonly (readonly ClassScore[])[],
    names: readonly string[] | undefined,
  ): void {
    const classes = pictures.flat();
    this.#headless.hidden = classes.length > 0;
    byId("names", HTMLElement).hidden = classes.length === 0;
    const isPair = pictures.length > 1 && classes.length > 0;
    const items = pictures.flatMap((classes, side) => [
      ...isPair ? [make("li", {}, sides[side])] : [],
      ...this.#items(classes, names),
    ]);
    this.#list.replaceChildren(...items);
  }

  /** Marks the class whose evidence is laid over the picture, if any. */
  mark(index: number | undefined): void {
    for (const button of this.#list.querySelectorAll("button")) {
      button.ariaPressed = `${button.dataset.index === `${index}`}`;
    }
  }

  #items(classes: readonly ClassScore[], names?: readonly string[]) {
    return classes.map((item) => {
      const percent = `${(100 * item.score).toFixed(1)} %`;
      const label = names?.[item.index] ?? item.label;
      const button = make(
        "button",
        {
          type: "button",
          ariaPressed: "false",
          onclick: () => this.#choose(item.index),
        },
        make("span", {}, label),
        make("span", {}, percent),
      );
      button.style.setProperty("--score", `${item.score}`);
      button.dataset.index = `${item.index}`;
      return make("li", {}, button);
    });
  }
}
