import { requireBuiltin } from "../runtime/builtin.ts";
import { writing } from "../errors/cannot_write.ts";

/**
 * Writes a file whole or not at all: under a temporary name, then renamed. A file that is replaced
 * keeps its permissions.
 *
 * Pipes and devices (`/dev/stdout`) are written to directly. In Deno this needs `--allow-write` for
 * the folder.
 *
 * @param content Bytes, or a stream of them, whose errors are thrown unchanged.
 * @param temporary The temporary name, which nothing has; a name beside the file by default.
 * @throws {Error} If the file can't be written; the message has the path.
 */
export async function writeFile(
  path: string,
  content: Uint8Array | ReadableStream<Uint8Array>,
  temporary?: string,
): Promise<void> {
  const fs = requireBuiltin("node:fs/promises");
  const attempt = <T>(step: Promise<T>) => writing(path, step);

  const target = await fs.realpath(path).catch(() => path);
  const old = await fs.stat(target).catch(() => undefined);
  const direct = old !== undefined && !old.isFile();
  const written = direct ? target : temporary ?? target.replace(
    /[^\\/]*$/,
    (name) => `.${name}.${crypto.randomUUID()}.part`,
  );
  const chunks = content instanceof Uint8Array ? [content] : content;
  try {
    const mode = old && old.mode & 0o777;
    const flags = direct ? "w" : "wx";
    const file = await attempt(fs.open(written, flags, mode));
    try {
      // The process's mask takes permissions away; some file systems have none.
      if (mode !== undefined && !direct) await file.chmod(mode).catch(() => {});
      for await (const chunk of chunks) await attempt(file.writeFile(chunk));
    } finally {
      await attempt(file.close());
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
