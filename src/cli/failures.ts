import { printable } from "../errors/printable.ts";
import type { Io } from "./command.ts";

/** Most reasons that are printed. */
const mostReasons = 5;

/** The pictures and folders that couldn't be read, to report when the others are done. */
export class Failures {
  readonly #reasons: string[] = [];
  #pictures = 0;
  #folders = 0;

  /** Notes a picture that couldn't be read. */
  picture({ message }: Error): void {
    this.#pictures++;
    this.#reasons.push(message);
  }

  /** Notes several pictures; not all reasons need be known. */
  pictures(count: number, reasons: readonly string[]): void {
    this.#pictures += count;
    this.#reasons.push(...reasons);
  }

  /** Whether anything failed. */
  get any(): boolean {
    return this.#reasons.length > 0;
  }

  /** Notes a folder that couldn't be listed, or an operand without pictures. */
  folder({ message }: Error): void {
    this.#folders++;
    this.#reasons.push(message);
  }

  /**
   * Prints the reasons.
   *
   * @param pictures The number of pictures, with those that failed.
   * @param rest What became of the others.
   * @throws {Error} If anything failed.
   */
  finish(io: Io, pictures: number, rest = ""): void {
    const count = this.#pictures + this.#folders;
    if (count === 0) return;
    if (count === 1 && pictures <= this.#pictures) {
      throw new Error(this.#reasons[0]);
    }
    const reasons = this.#reasons.slice(0, mostReasons);
    if (count > mostReasons) reasons.push(`… and ${count - mostReasons} more`);
    for (const reason of reasons) {
      io.stderr.write(`layertap: ${printable(reason)}\n`);
    }
    const folders = this.#folders === 1
      ? "1 folder or glob"
      : `${this.#folders} folders or globs`;
    throw new Error(
      [
        ...this.#pictures > 0
          ? [`${this.#pictures} of ${pictures} pictures failed`]
          : [],
        ...this.#folders > 0 ? [`${folders} gave no pictures`] : [],
      ].join(", ") + (pictures > this.#pictures ? rest : ""),
    );
  }
}
