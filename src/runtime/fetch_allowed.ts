import { expected } from "../errors/expected.ts";
import { fetchInTime } from "./fetch_bytes.ts";
import { fetchReason } from "./fetch_reason.ts";
import { maxRedirects, redirectOf } from "./redirect.ts";

/** How {@linkcode fetchAllowed} fetches. */
export interface AllowedFetch {
  /** `"example.org"` or `"example.org:8080"`, in the notation of `URL`. */
  readonly allowedHosts: readonly string[];
  /** Seconds for an answer to begin. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/**
 * Fetches from allowed hosts; each redirect must lead to one, too.
 *
 * @throws {Error} If the URL is not allowed, or the server doesn't answer with 2xx in time.
 */
export async function fetchAllowed(
  name: string,
  { allowedHosts, seconds, signal }: AllowedFetch,
): Promise<Response> {
  const cannot = (why: string) => new Error(`cannot fetch "${name}": ${why}`);
  if (!URL.canParse(name)) throw cannot("it is not a URL");
  let url = new URL(name);
  for (let i = 0; i <= maxRedirects; i++) {
    requireAllowed(url, allowedHosts, cannot);
    const response = await fetchInTime(
      url,
      { redirect: "manual", signal },
      seconds,
    ).catch((error) => {
      throw cannot(fetchReason(error));
    });
    if (response.ok) return response;
    await response.body?.cancel();
    try {
      const next = redirectOf(response, url);
      if (!next) throw new Error(`${url.host} answered ${response.status}`);
      url = next;
    } catch (error) {
      throw cannot((error as Error).message);
    }
  }
  throw cannot(`more than ${maxRedirects} redirects`);
}

function requireAllowed(
  { protocol, host, username, password }: URL,
  allowedHosts: readonly string[],
  cannot: (why: string) => Error,
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

/**
 * A host in the notation of `URL`.
 *
 * @throws {TypeError} If it is anything else.
 */
export function hostOf(text: string): string {
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : null;
  if (url && url.href === `http://${url.host}/`) return url.host;
  throw new TypeError(
    expected(
      "allowedHosts",
      'hosts such as "example.org" or "example.org:8080"',
      text,
    ),
  );
}
