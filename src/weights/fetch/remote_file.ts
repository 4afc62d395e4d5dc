/**
 * One file on a server: its bytes from here to there, however often the connection breaks.
 *
 * @module
 */

import { FetchError, FileChangedError, TransientError } from "./errors.ts";
import type { FetchSettings } from "./options.ts";
import { Progress } from "./progress.ts";
import { Retry } from "./retry.ts";

/** What is known of a file beforehand. */
export interface ExpectedFile {
  /** Its SHA-256 in hex, or the start of it. */
  readonly sha256?: string;
  /** Its length in bytes. */
  readonly size?: number;
}

/** What tells a file from a later one at the same URL. */
export interface FileVersion extends ExpectedFile {
  /** Where it is. */
  readonly url: string;
  readonly size: number;
  /** Its strong ETag, else when it was modified last, if the server says so. */
  readonly validator?: string;
}

/** Answers after which it may help to ask again. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];

/** A file on a server, fetched by ranges where the server has them. */
export class RemoteFile {
  /** How far its download is. */
  readonly progress: Progress;
  /** The caller's settings, and a signal that {@linkcode close} gives, too. */
  readonly settings: FetchSettings;
  readonly #closing = new AbortController();
  readonly #sha256: string | undefined;
  #size: number | undefined;
  #validator: string | undefined;
  #hasRanges = true;

  /** @param known What is known of it; the whole version if a part of that is at hand. */
  constructor(
    readonly url: string,
    settings: FetchSettings,
    known: ExpectedFile | FileVersion,
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

  /** Its length in bytes; unknown before {@linkcode start}, and where the server doesn't say it. */
  get size(): number | undefined {
    return this.#size;
  }

  /** Whether the server answers with ranges. */
  get hasRanges(): boolean {
    return this.#hasRanges;
  }

  /** What it is, to be kept with its bytes; undefined while its length is unknown. */
  get version(): FileVersion | undefined {
    const [url, sha256, size] = [this.url, this.#sha256, this.#size];
    if (size === undefined) return undefined;
    return { url, sha256, size, validator: this.#validator };
  }

  /**
   * Makes the first request, for the first bytes, and learns from it what the server can do.
   *
   * @returns The answer: those bytes, or the whole file where there are no ranges.
   */
  async start(length: number): Promise<Response> {
    const retry = new Retry(this.settings, this.settings.firstAttempts);
    for (;;) {
      try {
        const response = await this.#request(`bytes=0-${length - 1}`);
        if (response.status === 206 || response.status === 416) {
          const range = contentRange(response);
          if (range?.offset === 0) {
            this.#size = range.size;
            this.#validator = validatorOf(response);
            return response;
          }
          // An empty file, or a browser that may not see what range this is.
          await response.body?.cancel();
          return this.#startWhole(await this.#request());
        }
        return this.#startWhole(response);
      } catch (error) {
        await retry.after(error);
      }
    }
  }

  #startWhole(response: Response): Response {
    this.#hasRanges = false;
    this.#size = contentLength(response);
    this.#validator = validatorOf(response);
    return response;
  }

  /**
   * The bytes from `start` up to `end`, as they arrive. A connection that breaks is taken up
   * again where it broke.
   *
   * @param end Infinity: up to the file's end, wherever that is.
   * @param first An answer that begins at `start`.
   * @throws {FetchError} If the server cannot be reached, or does not give them.
   * @throws {FileChangedError} If the file is no longer the one that was begun.
   */
  async *bytes(
    start: number,
    end: number,
    first?: Response,
  ): AsyncGenerator<Uint8Array> {
    const retry = new Retry(this.settings);
    let at = start;
    for (;;) {
      try {
        let skip = 0;
        if (first === undefined) {
          [first, skip] = await this.#resume(at, end, at > start);
        }
        for await (const chunk of this.#chunks(first)) {
          const fresh = chunk.subarray(skip);
          skip -= chunk.length - fresh.length;
          at += fresh.length;
          if (at > end) throw this.#error("it sends more than its length");
          retry.progress(fresh.length);
          if (fresh.length > 0) yield fresh;
        }
        if (at === end || end === Infinity) return;
        throw new TransientError(
          `cannot fetch ${this.url}: the connection ended after ${
            at - start
          } bytes, ${end - start} were to come`,
        );
      } catch (error) {
        first = undefined;
        await retry.after(error);
      }
    }
  }

  /** An answer with the bytes from `at` on, and how many bytes stand before them in it. */
  async #resume(
    at: number,
    end: number,
    broke: boolean,
  ): Promise<[response: Response, skip: number]> {
    const response = await this.#request(
      `bytes=${at}-${end === Infinity ? "" : end - 1}`,
      broke ? this.#validator : undefined,
    );
    const range = response.status === 206 ? contentRange(response) : undefined;
    const size = range?.size ?? contentLength(response);
    const isSame = validatorOf(response) === this.#validator &&
      (this.#size === undefined || size === this.#size);
    if (isSame && response.ok) {
      // Where there are no ranges, it comes from its beginning again.
      if (response.status !== 206) return [response, at];
      if (range?.offset === at) return [response, 0];
    }
    await response.body?.cancel();
    if (!isSame) throw new FileChangedError(this.url);
    throw this.#error("it sends other bytes than those that were asked for");
  }

  /** Ends the requests that are under way. */
  close(): void {
    this.#closing.abort();
  }

  async #request(range?: string, ifRange?: string): Promise<Response> {
    const { fetch = globalThis.fetch, signal } = this.settings;
    // Compressed on the way, lengths and ranges would be those of something else.
    const headers = new Headers({ "accept-encoding": "identity" });
    if (range !== undefined) headers.set("range", range);
    if (ifRange !== undefined) headers.set("if-range", ifRange);
    signal?.throwIfAborted();
    const response = await fetch(this.url, { headers, signal })
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
    throw this.#error(
      status === 404 || status === 410
        ? `${why}: there is no such file, check the URL`
        : why,
    );
  }

  async *#chunks(response: Response): AsyncGenerator<Uint8Array> {
    if (response.body === null) return;
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch((cause) => {
          throw this.#broken(cause);
        });
        if (done) return;
        this.progress.add(value.length);
        yield value;
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** The error for a request or a body that the network failed. */
  #broken(cause: unknown): unknown {
    const { signal } = this.settings;
    if (signal?.aborted) return signal.reason;
    const { name, message } = cause as Error;
    // A permission that is missing stays so.
    if (name === "NotCapable") return this.#error(message, cause);
    return new TransientError(`cannot fetch ${this.url}: ${message}`, {
      cause,
    });
  }

  #error(why: string, cause?: unknown): FetchError {
    return new FetchError(`cannot fetch ${this.url}: ${why}`, { cause });
  }
}

/** Where the bytes of an answer are in the file, if it says so. */
function contentRange(
  { headers }: Response,
): { offset: number; size: number } | undefined {
  const [, offset, size] = /^bytes (\d+)-\d+\/(\d+)$/
    .exec(headers.get("content-range") ?? "") ?? [];
  return size === undefined
    ? undefined
    : { offset: Number(offset), size: Number(size) };
}

/** The length of a whole file, if the answer says it. */
function contentLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  const isEncoded = headers.has("content-encoding");
  return length === null || isEncoded ? undefined : Number(length);
}

function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  const isStrong = etag !== null && !etag.startsWith("W/");
  return (isStrong ? etag : headers.get("last-modified")) ?? undefined;
}
