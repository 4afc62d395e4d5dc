/// <reference lib="dom" />
/**
 * What a pass through the whole network shows: its times, and the classes of the pictures.
 *
 * @module
 */

import { ClassList } from "./class_list.ts";
import { byId, duration } from "./dom.ts";
import type { Engine, OpenPicture } from "./engine.ts";
import { setFacts } from "./facts.ts";
import type { NetworkColumn } from "./network_column.ts";
import type { WholePass } from "./protocol.ts";

/** Runs the whole network and shows the results. */
export class WholePasses {
  readonly classes: ClassList;
  readonly #engine: Engine;
  readonly #column: NetworkColumn;
  #looked = "";
  #passes: readonly WholePass[] = [];
  #names: readonly string[] | undefined;

  /** @param choose Called with the class that was clicked. */
  constructor(
    engine: Engine,
    column: NetworkColumn,
    choose: (index: number) => void,
  ) {
    this.#engine = engine;
    this.#column = column;
    this.classes = new ClassList(choose);
  }

  /** Names for the classes, in place of the network's own. */
  set names(names: readonly string[] | undefined) {
    this.#names = names;
    this.#showClasses();
  }

  /** Runs the network for these pictures, and shows the results unless others are open by then. */
  async look(open: readonly OpenPicture[]): Promise<void> {
    const looked = `${open.map(({ info }) => info.id)}`;
    if (this.#looked === looked) return;
    this.#looked = looked;
    const passes: WholePass[] = [];
    for (const picture of open) {
      try {
        passes.push(await this.#engine.pass(picture));
      } catch (error) {
        if (this.#looked === looked) throw error;
      }
      if (this.#looked !== looked) return;
    }
    this.#passes = passes;
    this.#showClasses();
    const [{ stages, time, weights, heap }] = passes;
    this.#column.setTimes(stages);
    const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
    byId("size", HTMLElement).textContent = `${megabytes(weights)} in memory`;
    setFacts({
      "Whole network": duration(time),
      "Weights": megabytes(weights),
      "WebAssembly memory": megabytes(heap),
    });
  }

  #showClasses(): void {
    const names = this.#names?.length === this.#engine.network.classes
      ? this.#names
      : undefined;
    this.classes.show(this.#passes.map(({ classes }) => classes), names);
  }
}
