/** Makes the error for a file that doesn't parse: why, and the error behind it, if any. */
export type Fail = (why: string, cause?: unknown) => SyntaxError;

/** Makes errors that name the file. */
export function failReading(name: string): Fail {
  return (why, cause) =>
    new SyntaxError(`cannot read "${name}": ${why}`, cause ? { cause } : {});
}
