/**
 * A file on a server: any span of its bytes, however often the connection breaks.
 *
 * All bytes are of one version. A strong ETag tells versions apart; without one there are no ranges,
 * and a file that is sent again must begin as it did.
 *
 * @module
 */

import { fetchReason } from "../../runtime/fetch_reason.ts";
import {
  FetchError,
  FileChangedError,
  MissingFileError,
  TransientError,
} from "./errors.ts";
import {
  ANSWER_SECONDS,
  BODY_SECONDS,
  fetchInTime,
} from "../../runtime/fetch_bytes.ts";
import { paced } from "../../runtime/paced.ts";
import type { FetchSettings } from "./options.ts";
import { RedirectError } from "../../runtime/redirect.ts";
import { Progress } from "./progress.ts";
import { Resent } from "./resent.ts";
import { Retry } from "./retry.ts";

/** What is known of a file before it is fetched. */
export interface KnownFile {
  /** Its SHA-256 in hex, or the start of it. */
  readonly sha256?: string;
  /** Its length in bytes. */
  readonly size?: number;
}

/** Tells a file from a later one at the same URL. */
export interface FileVersion extends KnownFile {
  readonly url: string;
  readonly size: number;
  /** Its strong ETag, if the server sends one. A weak one may stay when bytes change, as may a date. */
  readonly validator?: string;
}

/** The most bytes of a file, unless told otherwise: 2 GiB. */
const MAX_BYTES = 2 ** 31;

/** Statuses after which another attempt may help. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];

/** A file on a server, fetched by ranges if the server supports them. */
export class RemoteFile {
  /** Progress of its download. */
  readonly progress: Progress;
  /** The caller's settings, with a signal that {@linkcode close} aborts too. */
  readonly settings: FetchSettings;
  readonly #closing = new AbortController();
  readonly #sha256: string | undefined;
  #size: number | undefined;
  #validator: string | undefined;
  #hasRanges = true;

  /** @param known What is known of it; a version if parts of it are in the cache. */
  constructor(
    readonly url: string,
    settings: FetchSettings,
    known: KnownFile | FileVersion,
  ) {
    const signals = [this.#closing.signal, settings.signal ?? []].flat();
    this.settings = { ...settings, signal: AbortSignal.any(signals) };
    this.progress = new Progress(url, settings.onProgress);
    this.#sha256 = known.sha256;
    if ("url" in known) {
      this.#size = known.size;
      this.#validator = known.validator;
    }
  }

  /** Its length in bytes; unknown before {@linkcode start}, or if the server doesn't send it. */
  get size(): number | undefined {
    return this.#size;
  }

  /** Whether the server supports ranges, and says which version they are of. */
  get hasRanges(): boolean {
    return this.#hasRanges;
  }

  /** Its version; undefined while its length is unknown. */
  get version(): FileVersion | undefined {
    const [url, sha256, size] = [this.url, this.#sha256, this.#size];
    if (size === undefined) return undefined;
    return { url, sha256, size, validator: this.#validator };
  }

  /**
   * Requests the first bytes, and learns from the response what the server supports.
   *
   * @returns The response: those bytes, or the whole file if there are no ranges.
   */
  async start(length: number): Promise<Response> {
    const retry = new Retry(this.settings, this.settings.firstAttempts);
    for (;;) {
      try {
        const response = await this.#request(`bytes=0-${length - 1}`);
        if (response.status === 206 || response.status === 416) {
          const range = contentRange(response);
          const etag = strongETag(response);
          if (range?.offset === 0 && etag !== undefined) {
            await this.#setSize(range.size, response);
            this.#validator = etag;
            return response;
          }
          // No ETag, an empty file, or a browser that can't see the headers.
          await response.body?.cancel();
          return await this.#startWhole(await this.#request());
        }
        return await this.#startWhole(response);
      } catch (error) {
        await retry.after(error);
      }
    }
  }

  async #startWhole(response: Response): Promise<Response> {
    this.#hasRanges = false;
    await this.#setSize(contentLength(response), response);
    this.#validator = strongETag(response);
    return response;
  }

  /** @throws {FetchError} If the file is too large; the response is cancelled. */
  async #setSize(size: number | undefined, { body }: Response): Promise<void> {
    this.#size = size;
    if (size === undefined || size <= this.#maxBytes) return;
    await body?.cancel();
    throw this.#tooLarge(`${size}`);
  }

  get #maxBytes(): number {
    return this.settings.maxBytes ?? MAX_BYTES;
  }

  #tooLarge(size: string): FetchError {
    return this.#error(
      `it has ${size} bytes; maxBytes is ${this.#maxBytes}`,
    );
  }

  /**
   * The bytes from `start` up to `end`, as they arrive. A broken connection resumes where it broke.
   *
   * @param end Infinity means the file's end, which may be unknown.
   * @param first A response that begins at `start`.
   * @throws {FetchError} If the server can't be reached, or doesn't send them.
   * @throws {FileChangedError} If the file changes meanwhile.
   */
  async *bytes(
    start: number,
    end: number,
    first?: Response,
  ): AsyncGenerator<Uint8Array> {
    const retry = new Retry(this.settings);
    const resent = await Resent.start(this.url, this.#validator === undefined);
    let at = start;
    for (;;) {
      try {
        if (first === undefined) {
          let skip: number;
          [first, skip] = await this.#resume(at, end, at > start);
          await resent.skip(skip);
        }
        for await (const chunk of this.#chunks(first)) {
          const fresh = resent.fresh(chunk);
          at += fresh.length;
          if (at > end) {
            throw this.#error("the server sends more than the file's length");
          }
          if (at > this.#maxBytes) {
            throw this.#tooLarge(`more than ${this.#maxBytes}`);
          }
          retry.progress(fresh.length);
          if (fresh.length > 0) yield fresh;
        }
        if (at === end || end === Infinity) return;
        throw new TransientError(
          `cannot fetch ${this.url}: the connection ended after ${
            at - start
          } of ${end - start} bytes`,
        );
      } catch (error) {
        first = undefined;
        await retry.after(error);
      }
    }
  }

  /** A response with the bytes from `at` on, and how many bytes precede them in it. */
  async #resume(
    at: number,
    end: number,
    broke: boolean,
  ): Promise<[response: Response, skip: number]> {
    const validator = this.#validator;
    const range = `bytes=${at}-${end === Infinity ? "" : end - 1}`;
    const response = validator === undefined
      ? await this.#request()
      : await this.#request(range, broke ? validator : undefined);
    const sent = response.status === 206 ? contentRange(response) : undefined;
    const size = sent?.size ?? contentLength(response);
    const isSame = strongETag(response) === validator &&
      (this.#size === undefined || size === this.#size);
    if (isSame && response.ok) {
      // Without ranges, the file comes from its beginning again.
      if (response.status !== 206) return [response, at];
      if (sent?.offset === at) return [response, 0];
    }
    await response.body?.cancel();
    if (!isSame) throw new FileChangedError(this.url);
    throw this.#error("the server sends other bytes than requested");
  }

  /** Aborts all requests. */
  close(): void {
    this.#closing.abort();
  }

  async #request(range?: string, ifRange?: string): Promise<Response> {
    const { fetch, signal, answerSeconds = ANSWER_SECONDS } = this.settings;
    // Lengths and ranges must be those of the file, not of its compressed form.
    const headers = new Headers({ "accept-encoding": "identity" });
    if (range !== undefined) headers.set("range", range);
    if (ifRange !== undefined) headers.set("if-range", ifRange);
    signal?.throwIfAborted();
    const init = { headers, signal };
    const response = await fetchInTime(this.url, init, answerSeconds, fetch)
      .catch((cause) => {
        throw this.#broken(cause);
      });
    const { ok, status, statusText } = response;
    if (ok || (status === 416 && range !== undefined)) return response;
    await response.body?.cancel();
    const why = `HTTP ${status} ${statusText}`.trimEnd();
    if (TRANSIENT.includes(status)) {
      const seconds = Number(response.headers.get("retry-after"));
      throw new TransientError(`cannot fetch ${this.url}: ${why}`, {
        retryAfter: seconds > 0 ? seconds * 1000 : 0,
      });
    }
    if (status === 404 || status === 410) {
      throw new MissingFileError(
        `cannot fetch ${this.url}: ${why}; check the URL`,
      );
    }
    throw this.#error(why);
  }

  async *#chunks(response: Response): AsyncGenerator<Uint8Array> {
    if (response.body === null) return;
    const { bodySeconds = BODY_SECONDS, signal } = this.settings;
    const chunks = paced(response.body, bodySeconds, signal);
    try {
      for (;;) {
        const { done, value } = await chunks.next().catch((cause) => {
          throw this.#broken(cause);
        });
        if (done) return;
        this.progress.add(value.length);
        yield value;
      }
    } finally {
      await chunks.return(undefined);
    }
  }

  /** The error for a request or body that fails. */
  #broken(cause: unknown): unknown {
    const { signal } = this.settings;
    if (signal?.aborted) return signal.reason;
    const why = fetchReason(cause);
    // Another attempt wouldn't bring a missing permission, or another redirect.
    const isFinal = cause instanceof RedirectError ||
      (cause as Error).name === "NotCapable";
    if (isFinal) return this.#error(why, cause);
    return new TransientError(`cannot fetch ${this.url}: ${why}`, {
      cause,
    });
  }

  #error(why: string, cause?: unknown): FetchError {
    return new FetchError(`cannot fetch ${this.url}: ${why}`, { cause });
  }
}

/** The range of a response, if it has one. */
function contentRange(
  { headers }: Response,
): { offset: number; size: number } | undefined {
  const [, offset, size] = /^bytes (\d+)-\d+\/(\d+)$/
    .exec(headers.get("content-range") ?? "") ?? [];
  return size === undefined
    ? undefined
    : { offset: Number(offset), size: Number(size) };
}

/** The length of the whole file, if the response has it. */
function contentLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  const isEncoded = headers.has("content-encoding");
  return length === null || isEncoded ? undefined : Number(length);
}

/** The ETag that another version would not have. */
function strongETag({ headers }: Response): string | undefined {
  const etag = headers.get("etag") ?? "";
  return isStrong(etag) ? etag : undefined;
}

/** Whether a validator tells versions apart; one of an earlier release may be a date. */
export function isStrong(validator = ""): boolean {
  return /^".*"$/.test(validator);
}
