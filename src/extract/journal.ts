import type { FileHandle } from "node:fs/promises";
import { lines } from "../formats/lines.ts";
import { requireBuiltin } from "../runtime/builtin.ts";

/** An append-only file of JSON values, one a line. An appended line is on disk. */
export class Journal<Entry> {
  private constructor(readonly path: string, readonly file: FileHandle) {}

  /** Opens or creates it; drops an incomplete last line, as a killed run leaves it. */
  static async open<Entry>(path: string): Promise<Journal<Entry>> {
    const { open } = requireBuiltin("node:fs/promises");
    const file = await open(path, "a+");
    await file.truncate(await wholeLines(path));
    return new Journal(path, file);
  }

  /** Appends a line. */
  async append(entry: Entry): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(entry)}\n`);
    await this.file.datasync();
  }

  /** Removes all lines. */
  async clear(): Promise<void> {
    await this.file.truncate(0);
  }

  /** All lines, from the first. */
  async *entries(): AsyncGenerator<Entry> {
    const { createReadStream } = requireBuiltin("node:fs");
    for await (const line of lines(createReadStream(this.path))) {
      yield JSON.parse(line);
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Length of a file up to its last line end, in bytes. */
async function wholeLines(path: string): Promise<number> {
  const { createReadStream } = requireBuiltin("node:fs");
  let at = 0;
  let whole = 0;
  for await (const chunk of createReadStream(path)) {
    const end = chunk.lastIndexOf(0x0a) + 1;
    if (end > 0) whole = at + end;
    at += chunk.length;
  }
  return whole;
}
