import type { FileHandle } from "node:fs/promises";
import { lines } from "../formats/lines.ts";

/** A file of JSON values, one a line, that only grows; a line that is whole is on the disk. */
export class Journal<Entry> {
  private constructor(readonly path: string, readonly file: FileHandle) {}

  /** Opens or makes it; a last line that is not whole, as a killed run leaves it, is cut off. */
  static async open<Entry>(path: string): Promise<Journal<Entry>> {
    const { open } = await import("node:fs/promises");
    const file = await open(path, "a+");
    await file.truncate(await wholeLines(path));
    return new Journal(path, file);
  }

  /** Appends a line. */
  async append(entry: Entry): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(entry)}\n`);
    await this.file.datasync();
  }

  /** Cuts all off. */
  async clear(): Promise<void> {
    await this.file.truncate(0);
  }

  /** The lines from the first on. */
  async *entries(): AsyncGenerator<Entry> {
    const { createReadStream } = await import("node:fs");
    for await (const line of lines(createReadStream(this.path))) {
      yield JSON.parse(line);
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Length of a file up to its last line end. */
async function wholeLines(path: string): Promise<number> {
  const { createReadStream } = await import("node:fs");
  let at = 0;
  let whole = 0;
  for await (const chunk of createReadStream(path)) {
    const end = chunk.lastIndexOf(0x0a) + 1;
    if (end > 0) whole = at + end;
    at += chunk.length;
  }
  return whole;
}
