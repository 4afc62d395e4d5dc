/** Node's message without its end, which names the system call and often another file. */
export function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/, \w+( '.*)?$/, "");
}

/**
 * A step of writing a file.
 *
 * @throws {Error} If it fails; the message has the path.
 */
export async function writing<T>(path: string, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (cause) {
    throw new Error(`cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
}
