/** Deno's words before the reason. */
const preamble =
  /^error sending request for url \([^)]*\): (client error \(Connect\): )?/;

/**
 * Why a fetch failed. Runtimes say "fetch failed", and why in the error's cause, or in the first of
 * its errors.
 */
export function fetchReason(error: unknown): string {
  const { message, cause, errors, code } = error as Error & {
    readonly errors?: readonly unknown[];
    readonly code?: string;
  };
  const inner = cause ?? errors?.[0];
  if (inner instanceof Error) return fetchReason(inner);
  return message?.replace(preamble, "") || code || String(error);
}
