/**
 * The names of classes in a file.
 *
 * @module
 */

/**
 * Reads names from a JSON list, or from text with a name on each line.
 *
 * @throws {SyntaxError} If it holds neither.
 */
export function parseClassNames(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed === "") {
    throw new SyntaxError("expected a name on each line, got an empty file");
  }
  if (!/^[[{]/.test(trimmed)) {
    return trimmed.split(/\r?\n/).map((line) => line.trim());
  }
  const names: unknown = JSON.parse(trimmed);
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) {
    return names;
  }
  throw new SyntaxError("expected a JSON list of names");
}
