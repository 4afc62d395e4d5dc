/**
 * Error responses: RFC 9457.
 *
 * @module
 */

/** The statuses of problems, with their reason phrases (RFC 9110). */
const titles = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
} as const;

/** The status of a problem. */
export type ProblemStatus = keyof typeof titles;

/** The reason why a request can't be answered; the handler turns it into a response. */
export class Problem extends Error {
  /**
   * @param detail What is wrong, for the client to read.
   * @param headers Headers such as `allow` or `retry-after`.
   */
  constructor(
    readonly status: ProblemStatus,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  /** The response, `application/problem+json`. */
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
