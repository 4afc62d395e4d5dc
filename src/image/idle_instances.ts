import { collectSoon } from "../runtime/release.ts";
import { turn } from "../runtime/turn.ts";

/** Memory up to which to keep an instance, in bytes: enough for about two megapixels. */
const KEPT_BYTES = 2 ** 25;

/**
 * Instances of a compiled codec; one is kept for the next picture.
 *
 * Starting one takes half a millisecond and leaves its memory to the garbage collector. An instance
 * that met a damaged file leaks what it had allocated, and one that met a huge picture never gives
 * the memory back, so those are dropped.
 */
export class IdleInstances<T> {
  readonly #idle = new WeakMap<WebAssembly.Module, T>();

  constructor(
    private readonly start: (module: WebAssembly.Module) => Promise<T>,
    private readonly bytesOf: (instance: T) => number,
  ) {}

  /** Runs some work on an instance that nothing else uses meanwhile. */
  async use<R>(
    module: WebAssembly.Module,
    work: (instance: T) => R,
  ): Promise<R> {
    const idle = this.#idle.get(module);
    this.#idle.delete(module);
    const instance = idle ?? await this.start(module);
    let isKept = false;
    try {
      const result = work(instance);
      isKept = this.bytesOf(instance) <= KEPT_BYTES;
      return result;
    } finally {
      if (isKept) this.#idle.set(module, instance);
      else {
        void Promise.resolve(instance).then(this.bytesOf)
          .catch(() => 0) // Another module than was expected.
          .then(freeSoon);
      }
    }
  }
}

/** Gives a memory back when nobody holds it any more. */
async function freeSoon(bytes: number): Promise<void> {
  await turn();
  collectSoon(bytes);
}
