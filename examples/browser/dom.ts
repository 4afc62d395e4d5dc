/// <reference lib="dom" />
/**
 * Helpers for the DOM.
 *
 * @module
 */

/** Finds an element by its id and checks its type. */
export function byId<T extends HTMLElement>(
  id: string,
  kind: new () => T,
): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${kind.name} #${id}`);
  }
  return found;
}

/** Creates an element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A canvas's 2D context. */
export function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext("2d")!;
}

/** The names of the places of two pictures. */
export const sides = ["Left", "Right"] as const;

/** Whether the panes scroll by themselves, as on a desk; else the page does. */
export const panesScroll = (): boolean =>
  matchMedia("(min-width: 1001px)").matches;

/** Formats milliseconds. */
export const duration = (milliseconds: number): string =>
  milliseconds < 10
    ? `${milliseconds.toFixed(1)} ms`
    : milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;

/** Formats a shape: `56 × 56 × 64`. */
export const shapeText = (shape: readonly number[]): string =>
  shape.join(" × ");

/** Moves the focus within a group that Tab enters once. Returns false if the key doesn't move it. */
export function moveFocus(
  elements: readonly HTMLElement[],
  key: string,
  columns: number,
): boolean {
  const at = elements.indexOf(document.activeElement as HTMLElement);
  const steps: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: elements.length - 1,
  };
  if (at < 0 || !(key in steps)) return false;
  const target = elements[steps[key]];
  if (target) {
    elements[at].tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  }
  return true;
}
