/** A server that could not be reached, or that does not give what was asked. */
export class FetchError extends Error {}

/** The same, but it may help to ask again. */
export class TransientError extends FetchError {
  constructor(
    message: string,
    options?: ErrorOptions & {
      /** Milliseconds after which the server wants to be asked again. */
      readonly retryAfter?: number;
    },
  ) {
    super(message, options);
    this.retryAfter = options?.retryAfter ?? 0;
  }
  readonly retryAfter: number;
}

/** A file that is another one than when the first bytes of it were read. */
export class FileChangedError extends Error {
  constructor(url: string) {
    super(`cannot read ${url}: it changed while it was read; load it again`);
  }
}
