/**
 * Tensors that hooks may use during one forward pass.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";

/** The tensors lent in one forward pass. */
export class Loans {
  readonly #lent = new Set<Tensor>();
  /** Made by hooks, and disposed by the run, except where they are its result. */
  readonly #taken = new Set<Tensor>();

  /** @param copy Makes a tensor with memory of its own. */
  constructor(readonly copy: (tensor: Tensor) => Tensor) {}

  /** Lends a second handle on a tensor, which a hook may dispose without harm. */
  lend(tensor: Tensor): Tensor {
    const handle = tensor.clone();
    // tfjs's clone shares memory with the original, which may be reused after the pass.
    Object.defineProperty(handle, "clone", {
      value: () => this.copy(handle),
      configurable: true,
    });
    this.#lent.add(handle);
    return handle;
  }

  /**
   * Takes over a hook's result for the run.
   *
   * @param result What the hook returned.
   * @param lent The last handle lent before the hook was called.
   */
  take(result: Tensor, lent: Tensor): Tensor {
    const madeInside = result.id > lent.id && !this.#lent.has(result);
    if (!madeInside) return Object.getPrototypeOf(result).clone.call(result);
    this.#taken.add(result);
    return result;
  }

  /** Ends all loans: any later use of a handle throws. */
  end(): void {
    for (const handle of this.#lent) {
      handle.dispose();
      expire(handle, "this tensor is only valid inside the hook");
    }
    this.#lent.clear();
    for (const taken of this.#taken) {
      if (!taken.isDisposed) continue;
      expire(
        taken,
        "the model has disposed this tensor, which a hook returned",
      );
    }
    this.#taken.clear();
  }
}

/** Makes later uses of a disposed tensor throw. */
function expire(tensor: Tensor, why: string): void {
  const expired = () => {
    throw new Error(`${why}; clone() it there to keep it`);
  };
  Object.defineProperties(tensor, {
    dataId: { get: expired },
    throwIfDisposed: { value: expired },
    clone: { value: expired },
  });
}
