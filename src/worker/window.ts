/**
 * Requests that were read and are not yet answered: so many at most.
 *
 * Whoever reads waits for room in it, so that what comes too fast stays with those who send it.
 */
export class Window<T> {
  readonly #waiting: T[] = [];
  #underWay = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake = () => {};
  #change = this.#nextChange();

  constructor(readonly size: number) {}

  /** Fills it with items, as fast as there is room; what they throw is thrown after the last one. */
  async fill(items: AsyncIterable<T>): Promise<void> {
    try {
      for await (const item of items) {
        this.#waiting.push(item);
        this.#underWay++;
        this.#changed();
        while (this.#underWay >= this.size) await this.#change;
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#changed();
  }

  /** Takes the oldest that waits, if one does. */
  take(): T | undefined {
    return this.#waiting.shift();
  }

  /** Makes room: the oldest that was taken is answered. */
  answered(): void {
    this.#underWay--;
    this.#changed();
  }

  /**
   * Waits until there is something to take; false after the last.
   *
   * @throws What the items threw.
   */
  async wait(): Promise<boolean> {
    while (this.#waiting.length === 0) {
      if (this.#end && "error" in this.#end) throw this.#end.error;
      if (this.#end) return false;
      await this.#change;
    }
    return true;
  }

  #changed(): void {
    this.#wake();
    this.#change = this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}
