/**
 * HTML from arbitrary text.
 *
 * @module
 */

import { toBase64 } from "../formats/base64.ts";

/** HTML that {@linkcode markup} made and doesn't escape again. */
export interface Markup {
  readonly html: string;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template literal as markup; escapes the values, unless they are markup. */
export function markup(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Markup | readonly Markup[])[]
): Markup {
  return { html: String.raw({ raw: parts }, ...values.map(htmlOf)) };
}

function htmlOf(value: string | number | Markup | readonly Markup[]): string {
  if (typeof value === "string" || typeof value === "number") {
    return `${value}`.replace(/[&<>"']/g, (letter) => entities[letter]);
  }
  return [value].flat().map(({ html }) => html).join("");
}

/** A page as part of another, where neither changes the other's styles. Scripts don't run. */
export function inFrame(page: string): string {
  const style = "width: 100%; height: 48rem; border: 0; resize: vertical";
  return markup`<iframe sandbox srcdoc="${page}" style="${style}"></iframe>`
    .html;
}

/** A file's bytes as a `data:` URL. */
export function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${toBase64(bytes)}`;
}
