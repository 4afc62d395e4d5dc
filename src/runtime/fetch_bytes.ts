/**
 * What other servers send, within limits of bytes and time.
 *
 * @module
 */

import { GrowingBytes } from "./growing_bytes.ts";
import { paced } from "./paced.ts";
import { maxRedirects, RedirectError, redirectOf } from "./redirect.ts";

/** Seconds for a server to begin its answer, unless told otherwise. */
export const ANSWER_SECONDS = 30;
/** Seconds of {@linkcode paced}, unless told otherwise. */
export const BODY_SECONDS = 10;

/**
 * Fetches, but waits only so long for the answer to begin. Redirects are followed, unless
 * `init.redirect` is `"manual"`; none leads from https: to http:.
 *
 * @throws {RedirectError} If one would, or there are too many.
 * @throws {Error} If it takes longer, or what `fetch` throws.
 */
export async function fetchInTime(
  url: URL | string,
  { signal, ...init }: RequestInit = {},
  seconds: number = ANSWER_SECONDS,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`no answer within ${seconds} seconds`)),
    seconds * 1000,
  );
  const signals = [late.signal, signal ?? []].flat();
  const settings = { ...init, signal: AbortSignal.any(signals) };
  try {
    return init.redirect === "manual"
      ? await fetch(url, settings)
      : await follow(url, settings, fetch);
  } finally {
    clearTimeout(timer);
  }
}

async function follow(
  url: URL | string,
  init: RequestInit,
  fetch: typeof globalThis.fetch,
): Promise<Response> {
  let at = url;
  for (let i = 0; i <= maxRedirects; i++) {
    const response = await fetch(at, { ...init, redirect: "manual" });
    // Browsers hide redirects, and a page from https: gets nothing from http:.
    if (response.type === "opaqueredirect") return await fetch(at, init);
    const next = redirectOf(response, new URL(at));
    if (next === undefined) return response;
    await response.body?.cancel();
    at = next;
  }
  throw new RedirectError(`more than ${maxRedirects} redirects`);
}

/**
 * Reads the body of a response.
 *
 * @throws {RangeError} If it has more than `maxBytes`.
 * @throws {TooSlowError} If it arrives too slowly.
 */
export async function readResponse(
  { body, headers }: Response,
  maxBytes: number,
  seconds: number = BODY_SECONDS,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new GrowingBytes();
  const tooLarge = () => new RangeError(`it has more than ${maxBytes} bytes`);
  if (Number(headers.get("content-length")) > maxBytes) {
    await body?.cancel();
    throw tooLarge();
  }
  if (!body) return bytes.take();
  for await (const chunk of paced(body, seconds)) {
    if (bytes.length + chunk.length > maxBytes) throw tooLarge();
    bytes.append(chunk);
  }
  return bytes.take();
}
