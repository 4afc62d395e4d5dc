import type { Fail } from "../errors/fail.ts";

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Parses UTF-8 JSON that must be an object. */
export function parseJsonObject(
  bytes: Uint8Array,
  fail: Fail,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    // The engine's message quotes the file, which may be any.
    const [, at] = / at position (\d+)/.exec((cause as Error).message) ?? [];
    throw fail(at ? `invalid JSON at character ${at}` : "invalid JSON");
  }
  if (!isRecord(value)) throw fail("expected a JSON object");
  return value;
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
