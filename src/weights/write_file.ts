import { requireBuiltin } from "../runtime/builtin.ts";

/**
 * Writes a file whole or not at all: under a temporary name beside it, then renamed.
 *
 * Pipes and devices (`/dev/stdout`) are written to directly. In Deno this needs `--allow-write` for
 * the folder.
 *
 * @param content Bytes, or a stream of them, whose errors are thrown unchanged.
 * @throws {Error} If the file can't be written; the message has the path.
 */
export async function writeFile(
  path: string,
  content: Uint8Array | ReadableStream<Uint8Array>,
): Promise<void> {
  const fs = requireBuiltin("node:fs/promises");
  const attempt = <T>(step: Promise<T>): Promise<T> =>
    step.catch((cause: Error) => {
      // The end of Node's message names the temporary file.
      const reason = cause.message.replace(/, \w+ '.*$/, "");
      throw new Error(`cannot write "${path}": ${reason}`, { cause });
    });

  const target = await fs.realpath(path).catch(() => path);
  const direct = await fs.stat(target).then((s) => !s.isFile(), () => false);
  const written = direct ? target : target.replace(
    /[^\\/]*$/,
    (name) => `.${name}.${crypto.randomUUID()}.part`,
  );
  const chunks = content instanceof Uint8Array ? [content] : content;
  try {
    const file = await attempt(fs.open(written, direct ? "w" : "wx"));
    try {
      for await (const chunk of chunks) await attempt(file.writeFile(chunk));
    } finally {
      await file.close();
    }
    if (!direct) await attempt(fs.rename(written, target));
  } catch (error) {
    if (!direct) await fs.unlink(written).catch(() => {});
    if (content instanceof ReadableStream) {
      await content.cancel(error).catch(() => {});
    }
    throw error;
  }
}
