/** A redirect that must not be followed. */
export class RedirectError extends Error {}

/** Redirects that are followed one after the other. */
export const maxRedirects = 5;

const statuses = [301, 302, 303, 307, 308];

/**
 * Where a response leads.
 *
 * @param from The URL that it answers.
 * @returns Undefined if it isn't a redirect.
 * @throws {RedirectError} If it leads from https: to something else, or not to a URL.
 */
export function redirectOf(
  { status, headers }: Response,
  from: URL,
): URL | undefined {
  const location = headers.get("location");
  if (!statuses.includes(status) || location === null) return undefined;
  if (!URL.canParse(location, from)) {
    throw new RedirectError("it redirects to something that is not a URL");
  }
  const to = new URL(location, from);
  if (from.protocol !== "https:" || to.protocol === "https:") return to;
  throw new RedirectError(
    `it redirects from https: to ${to.protocol}; expected https:`,
  );
}
