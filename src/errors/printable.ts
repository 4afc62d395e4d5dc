/** Control characters, and those that turn the direction of a text. */
// deno-lint-ignore no-control-regex
const hidden = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text for a terminal or a log: what would move the cursor, colour, or reorder it is written as
 * `\u001b`, which is also right inside JSON.
 */
export function printable(text: string): string {
  return text.replaceAll(
    hidden,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Several lines, each {@linkcode printable}. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** Prints a warning of the library, which may name files. */
export function warnOnConsole(message: string): void {
  console.warn(printable(message));
}
