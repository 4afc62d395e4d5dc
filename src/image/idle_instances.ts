/** Bytes of memory with which an instance is kept: enough for pictures of some two megapixels. */
const KEPT_BYTES = 2 ** 25;

/**
 * Instances of a compiled codec, one of them kept for the next picture.
 *
 * A new instance takes half a millisecond, and its memory is left to the garbage collector. But one
 * that met a damaged file keeps what it had allocated, and the memory of a huge picture would never
 * be given back: those aren't used again.
 */
export class IdleInstances<T> {
  readonly #idle = new WeakMap<WebAssembly.Module, T>();

  constructor(
    private readonly start: (module: WebAssembly.Module) => Promise<T>,
    private readonly bytesOf: (instance: T) => number,
  ) {}

  /** Does some work by an instance that nobody else uses meanwhile. */
  async use<R>(
    module: WebAssembly.Module,
    work: (instance: T) => R,
  ): Promise<R> {
    const idle = this.#idle.get(module);
    this.#idle.delete(module);
    const instance = idle ?? await this.start(module);
    const result = work(instance);
    if (this.bytesOf(instance) <= KEPT_BYTES) this.#idle.set(module, instance);
    return result;
  }
}
