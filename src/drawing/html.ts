/**
 * HTML out of text that may hold anything.
 *
 * @module
 */

/** What {@linkcode markup} makes, and doesn't escape again. */
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

/** A template literal as markup; what is put in is escaped, unless it is markup itself. */
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

/** A file's bytes as an address that needs no other file. */
export function dataUrl(type: string, bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:${type};base64,${btoa(binary)}`;
}
