/**
 * Which names a server on loopback answers to. A page in a browser can let its own name lead to
 * 127.0.0.1 (DNS rebinding), and would then read the answers as its own.
 *
 * @module
 */

import { Problem } from "./problem.ts";

/** Whether a host, without its port, is this machine by name or by address. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i
    .test(hostname);
}

/**
 * Checks the host that a request names.
 *
 * @throws {Problem} 421 if it isn't loopback's.
 */
export function requireLoopback({ url, headers }: Request): void {
  const named = [url, `http://${headers.get("host") ?? "localhost"}`];
  for (const text of named) {
    const host = URL.canParse(text) ? new URL(text).hostname : text;
    if (isLoopback(host)) continue;
    throw new Problem(
      421,
      "expected a host such as localhost or 127.0.0.1; to answer to others, " +
        "the server must listen on another address",
    );
  }
}
