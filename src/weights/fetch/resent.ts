import { createSha256, type Sha256 } from "../../runtime/sha256.ts";
import { FileChangedError } from "./errors.ts";

/**
 * Leaves out the beginning of a file that is sent again. Without a strong ETag it must have the hash
 * that it had before: then what follows is of the same version.
 */
export class Resent {
  /** Of all bytes so far. */
  #hash: Sha256 | undefined;
  /** Of those that come again, and what it must be. */
  #again: Sha256 | undefined;
  #expected = "";
  /** Bytes that come again, in all and from here. */
  #length = 0;
  #left = 0;

  private constructor(readonly url: string, readonly isChecked: boolean) {}

  /** Begins with a file's first byte, unless it isn't checked. */
  static async start(url: string, isChecked: boolean): Promise<Resent> {
    const resent = new Resent(url, isChecked);
    if (isChecked) resent.#hash = await createSha256();
    return resent;
  }

  /** Notes that the next bytes are the first ones again, so many. */
  async skip(length: number): Promise<void> {
    this.#left = length;
    if (!this.isChecked || length === 0) return;
    // The connection may break again before it gets further.
    if (length !== this.#length) this.#expected = this.#hash!.digest();
    this.#length = length;
    this.#hash = await createSha256();
    this.#again = await createSha256();
  }

  /**
   * The bytes of a chunk that are new.
   *
   * @throws {FileChangedError} If the file begins in another way than before.
   */
  fresh(chunk: Uint8Array): Uint8Array {
    const old = chunk.subarray(0, this.#left);
    this.#left -= old.length;
    this.#hash?.update(chunk);
    if (old.length > 0 && this.isChecked) {
      this.#again!.update(old);
      if (this.#left === 0 && this.#again!.digest() !== this.#expected) {
        throw new FileChangedError(this.url);
      }
    }
    return chunk.subarray(old.length);
  }
}
