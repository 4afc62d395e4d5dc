/// <reference lib="dom" />
/**
 * The network as a column of stages, top to bottom, each with its nodes.
 *
 * @module
 */

import { byId, duration, make, shapeText } from "./dom.ts";
import type { NetworkInfo, NodeInfo } from "./protocol.ts";
import { type Stage, stages } from "./stages.ts";

/** The column in the middle. */
export class NetworkColumn {
  readonly #list = byId("stages", HTMLOListElement);
  readonly #choose: (layer: string) => void;

  /** @param choose Called with the node or the stage that was clicked. */
  constructor(choose: (layer: string) => void) {
    this.#choose = choose;
  }

  /** Shows a network. */
  show({ arch, nodes, cropSize }: NetworkInfo): void {
    byId("arch", HTMLElement).textContent = arch;
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const items = stages([...byName.keys()])
      .map((stage) => this.#stage(stage, byName, cropSize));
    this.#list.replaceChildren(...items);
  }

  /** Marks the node on screen. */
  mark(node: string): void {
    for (const button of this.#list.querySelectorAll("button[data-node]")) {
      button.ariaPressed = `${
        button instanceof HTMLElement && button.dataset.node === node
      }`;
    }
  }

  /** Shows how long each stage took. */
  setTimes(times: Readonly<Record<string, number>>): void {
    for (const place of this.#list.querySelectorAll<HTMLElement>(".time")) {
      const time = times[place.dataset.module!];
      place.textContent = time === undefined ? "" : duration(time);
    }
  }

  #stage(
    { title, module, node, nodes }: Stage,
    byName: ReadonlyMap<string, NodeInfo>,
    cropSize: number,
  ): HTMLLIElement {
    const { shape } = byName.get(node)!;
    const time = make("small", { className: "time" });
    time.dataset.module = module;
    const button = this.#button(
      node,
      { className: "stage", onclick: () => this.#choose(title) },
      volume(shape, cropSize),
      make("span", {}, title),
      time,
      make("small", {}, shapeText(shape)),
    );
    if (nodes.length === 1) return make("li", {}, button);
    const inside = make("ol", { className: "nodes", hidden: true });
    inside.append(...nodes.map((name) => this.#node(byName.get(name)!, title)));
    const unfold = make(
      "button",
      {
        type: "button",
        className: "quiet unfold",
        ariaExpanded: "false",
        ariaLabel: `The ${nodes.length} nodes of ${title}`,
        onclick: () => {
          inside.hidden = !inside.hidden;
          unfold.ariaExpanded = `${!inside.hidden}`;
        },
      },
      `${nodes.length}`,
      make("span", {}, " nodes"),
    );
    return make("li", {}, button, unfold, inside);
  }

  #node({ name, shape }: NodeInfo, title: string): HTMLLIElement {
    const inStage = name.startsWith(`${title}.`);
    const button = this.#button(
      name,
      { ariaLabel: `${name}, ${shapeText(shape)}`, title: shapeText(shape) },
      inStage ? name.slice(title.length + 1) : name,
    );
    return make("li", {}, button);
  }

  #button(
    node: string,
    properties: Partial<HTMLButtonElement>,
    ...children: (Node | string)[]
  ): HTMLButtonElement {
    const button = make("button", {
      type: "button",
      ariaPressed: "false",
      onclick: () => this.#choose(node),
      ...properties,
    }, ...children);
    button.dataset.node = node;
    return button;
  }
}

/** A block whose width stands for the size of the maps, and its height for their number. */
function volume(shape: readonly number[], cropSize: number): HTMLElement {
  const channels = shape.at(-1)!;
  const side = shape.length === 3 ? shape[1] : 1;
  const block = make("span", { className: "volume", ariaHidden: "true" });
  const wide = Math.sqrt(2 * side / cropSize);
  block.style.setProperty("--wide", `${Math.max(4, 100 * wide)}%`);
  block.style.setProperty("--tall", `${Math.sqrt(channels)}px`);
  return block;
}
