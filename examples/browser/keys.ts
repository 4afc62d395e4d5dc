/// <reference lib="dom" />
/**
 * Keys that work anywhere on the page, and the list of all keys.
 *
 * @module
 */

import { byId } from "./dom.ts";

/** What the keys do. */
export interface KeyEvents {
  find(): void;
  compare(): void;
  /** To the stage before (-1) or after (1). */
  step(by: number): void;
}

/** Listens for keys; single ones can be switched off in the list. */
export function listenForKeys({ find, compare, step }: KeyEvents): void {
  const list = byId("keys", HTMLDialogElement);
  const isOn = byId("single-keys", HTMLInputElement);
  const open = () => list.showModal();
  byId("open-keys", HTMLButtonElement).onclick = open;
  byId("close-keys", HTMLButtonElement).onclick = () => list.close();
  const actions: Record<string, () => void> = {
    "?": open,
    "/": find,
    "c": compare,
    "[": () => step(-1),
    "]": () => step(1),
  };
  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    const isTyping = target instanceof HTMLElement &&
      target.matches("select, input:not([type=radio], [type=checkbox])");
    if (isTyping || ctrlKey || metaKey || altKey || list.open) return;
    if (!isOn.checked || !Object.hasOwn(actions, key)) return;
    event.preventDefault();
    actions[key]();
  });
}
