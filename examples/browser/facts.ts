/// <reference lib="dom" />
/**
 * Times and sizes, by name.
 *
 * @module
 */

import { byId, make } from "./dom.ts";

const facts = new Map<string, string>();

/** Adds facts or replaces those of the same name. */
export function setFacts(known: Record<string, string>): void {
  for (const [name, value] of Object.entries(known)) facts.set(name, value);
  byId("facts", HTMLElement).replaceChildren(
    ...[...facts].flatMap(([name, value]) => [
      make("dt", {}, name),
      make("dd", {}, value),
    ]),
  );
}
