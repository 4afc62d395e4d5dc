import { distance } from "fastest-levenshtein";

/** The names most like a mistaken one, best first: what an error message should offer. */
export function nearest(
  name: string,
  allowed: Iterable<string>,
  count = 3,
): string[] {
  return [...allowed]
    // A name that was begun but not finished is nearer than any other.
    .map((other) =>
      [other.startsWith(name) ? 0 : distance(name, other), other] as const
    )
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, other]) => other);
}

/** Names for a message: `"a", "b", "c"`. */
export function quoted(names: Iterable<string>): string {
  return [...names].map((name) => JSON.stringify(name)).join(", ");
}
