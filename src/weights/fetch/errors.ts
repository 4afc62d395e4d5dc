/** A server can't be reached, or doesn't send what was requested. */
export class FetchError extends Error {}

/** The server has no such file. */
export class MissingFileError extends FetchError {}

/** The server can't be reached for now: another attempt may help. */
export class TransientError extends FetchError {
  constructor(
    message: string,
    options?: ErrorOptions & {
      /** Milliseconds that the server asks to wait. */
      readonly retryAfter?: number;
    },
  ) {
    super(message, options);
    this.retryAfter = options?.retryAfter ?? 0;
  }
  readonly retryAfter: number;
}

/** The file on the server changed between two requests. */
export class FileChangedError extends Error {
  constructor(url: string) {
    super(
      `cannot read ${url}: it changed on the server meanwhile; load it again`,
    );
  }
}
