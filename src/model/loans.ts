/**
 * Tensors that hooks may use during one forward pass.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";

/** The tensors lent in one forward pass. */
export class Loans {
  readonly #lent = new Set<Tensor>();

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
    return madeInside
      ? result
      : Object.getPrototypeOf(result).clone.call(result);
  }

  /** Ends all loans: any later use of a handle throws. */
  end(): void {
    for (const handle of this.#lent) {
      handle.dispose();
      const expired = () => {
        throw new Error(
          "this tensor is only valid inside the hook; clone() it there to keep it",
        );
      };
      Object.defineProperties(handle, {
        dataId: { get: expired },
        throwIfDisposed: { value: expired },
        clone: { value: expired },
      });
    }
    this.#lent.clear();
  }
}
