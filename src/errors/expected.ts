/**
 * The words of errors: `expected X, got Y`, then what to do.
 *
 * @module
 */

/**
 * A message about a value that isn't what it should be.
 *
 * @param subject The argument, option or file that has the value; `""` for none.
 * @param what What was expected, in words.
 * @param got The value itself. What has words of its own comes as an {@linkcode asIs}.
 * @param then What to do about it.
 */
export function expected(
  subject: string,
  what: string,
  got: unknown,
  then = "",
): string {
  return (subject && `${subject}: `) + `expected ${what}, got ${show(got)}` +
    (then && `; ${then}`);
}

/** Words for {@linkcode expected} that stand in the message unquoted. */
export function asIs(text: string): { readonly text: string } {
  return { text };
}

/** A whole number within bounds, or a `RangeError`. */
export function requireInteger(
  subject: string,
  value: unknown,
  least: number,
  most: number = Infinity,
): number {
  if (Number.isInteger(value)) {
    const number = value as number;
    if (number >= least && number <= most) return number;
  }
  const bounds = most === Infinity
    ? `of at least ${least}`
    : `from ${least} to ${most}`;
  throw new RangeError(expected(subject, `an integer ${bounds}`, value));
}

/** One of a few strings, or a `RangeError`. */
export function requireOneOf<const T extends string>(
  subject: string,
  value: unknown,
  allowed: readonly T[],
): T {
  const found = allowed.find((name) => name === value);
  if (found !== undefined) return found;
  throw new RangeError(expected(subject, either(allowed), value));
}

/** All of a few names: `"a", "b" or "c"`. */
export function either(names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name));
  const last = quoted.pop();
  return quoted.length ? `${quoted.join(", ")} or ${last}` : `${last}`;
}

/** The first of many names, and how many more there are: `a, b, c and 4 more`. */
export function few(names: Iterable<string>, most = 3): string {
  const all = [...names];
  if (all.length <= most + 1) return all.join(", ");
  return `${all.slice(0, most).join(", ")} and ${all.length - most} more`;
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if ("text" in value && typeof value.text === "string") return value.text;
  if (value instanceof Promise) return "a Promise; did you forget to await it?";
  const { name } = value.constructor ?? {};
  return name && name !== "Object" ? `a ${name}` : "an object";
}
