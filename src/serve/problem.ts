/**
 * What is told to a client whose request can't be answered: RFC 9457.
 *
 * @module
 */

/** The statuses that are used here, with their reason phrases (RFC 9110). */
const titles = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
} as const;

/** A status of a problem. */
export type ProblemStatus = keyof typeof titles;

/** Thrown wherever it becomes clear that a request can't be answered; the handler answers with it. */
export class Problem extends Error {
  /**
   * @param detail What is wrong with this request, for the client to read.
   * @param headers Sent along: `allow`, `retry-after`.
   */
  constructor(
    readonly status: ProblemStatus,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  /** The answer, `application/problem+json`. */
  toResponse(): Response {
    const { status, message: detail, headers } = this;
    return new Response(
      JSON.stringify({
        type: "about:blank",
        title: titles[status],
        status,
        detail,
      }),
      {
        status,
        headers: { ...headers, "content-type": "application/problem+json" },
      },
    );
  }
}
