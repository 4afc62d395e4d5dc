/**
 * Pictures from other servers, if the operator allows their hosts.
 *
 * @module
 */

import { readBody } from "./body.ts";
import type { Settings } from "./options.ts";
import { Problem } from "./problem.ts";
import type { PictureFile } from "./task.ts";

const maxRedirects = 5;

/**
 * Fetches pictures, one after the other. The limit of a body applies to all of them together.
 *
 * @throws {Problem} 422 if a URL is not allowed or can't be fetched; 413.
 */
export async function fetchPictures(
  urls: readonly string[],
  settings: Settings,
  signal: AbortSignal,
): Promise<PictureFile[]> {
  const pictures: PictureFile[] = [];
  const { bodySeconds } = settings.limits;
  let { maxBytes } = settings.limits;
  for (const name of urls) {
    const response = await follow(name, settings, signal);
    const limits = { maxBytes, bodySeconds };
    const bytes = await readBody(response, limits, signal, `"${name}"`, 422);
    maxBytes -= bytes.length;
    pictures.push({ name, bytes });
  }
  return pictures;
}

/** The server's answer, without its body; it must begin within that many seconds. */
async function answerOf(
  url: URL,
  seconds: number,
  signal: AbortSignal,
): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(
    () => stop.abort(new Error(`no answer within ${seconds} seconds`)),
    seconds * 1000,
  );
  try {
    return await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.any([signal, stop.signal]),
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Follows redirects; each of them must lead to an allowed host. */
async function follow(
  name: string,
  { allowedHosts, limits }: Settings,
  signal: AbortSignal,
): Promise<Response> {
  const cannot = (why: string) =>
    new Problem(422, `cannot fetch "${name}": ${why}`);
  let url = URL.canParse(name) ? new URL(name) : null;
  for (let i = 0; i <= maxRedirects; i++) {
    if (!url) throw cannot("it is not a URL");
    requireAllowed(url, allowedHosts, cannot);
    const response = await answerOf(url, limits.bodySeconds, signal)
      .catch((error) => {
        signal.throwIfAborted();
        throw cannot(error.message);
      });
    if (response.ok) return response;
    await response.body?.cancel();
    const { status, headers } = response;
    const location = headers.get("location");
    if (status < 300 || status >= 400 || location === null) {
      throw cannot(`${url.host} answered ${status}`);
    }
    url = URL.canParse(location, url) ? new URL(location, url) : null;
  }
  throw cannot(`more than ${maxRedirects} redirects`);
}

function requireAllowed(
  { protocol, host, username, password }: URL,
  allowedHosts: readonly string[],
  cannot: (why: string) => Problem,
): void {
  if (protocol !== "http:" && protocol !== "https:") {
    throw cannot(
      `it leads to ${protocol}; only http: and https: are supported`,
    );
  }
  if (username || password) throw cannot("it contains a user name or password");
  if (!allowedHosts.includes(host)) {
    throw cannot(
      `it leads to ${host}; allowed hosts are ${allowedHosts.join(", ")}`,
    );
  }
}
