/// <reference lib="dom" />
/**
 * The URL and the browser's history: an entry for each screen, and how far its maps are scrolled.
 *
 * @module
 */

import { byId } from "./dom.ts";
import { formatScreen, parseScreen, type Screen } from "./screen.ts";

const pane = byId("maps", HTMLElement);
let timer: ReturnType<typeof setTimeout> | undefined;

const urlOf = (hash: string) => hash || location.pathname + location.search;
const entry = () => ({ top: pane.scrollTop });

/** Adds a screen to the history, unless the URL says it already. */
export function pushUrl(screen: Screen): void {
  const hash = formatScreen(screen);
  if (hash !== location.hash) history.pushState(entry(), "", urlOf(hash));
}

/**
 * Keeps up with the URL, now and whenever it changes.
 *
 * @param show Shows a screen, and returns the one that is up then.
 */
export async function followUrl(
  show: (screen: Screen) => Promise<Screen>,
): Promise<void> {
  const follow = async () => {
    clearTimeout(timer);
    const { top } = history.state ?? {};
    const hash = formatScreen(await show(parseScreen(location.hash)));
    if (top !== undefined) pane.scrollTop = top;
    // What can't be shown is corrected.
    if (hash !== location.hash) history.replaceState(entry(), "", urlOf(hash));
  };
  await follow();
  addEventListener("popstate", follow);
  pane.addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(entry(), ""), 200);
  });
}
