/**
 * Weights that several models share: counted, so that each model can be disposed on its own.
 *
 * @module
 */

import type { KernelWeights } from "../kernels/operations.ts";

interface Shared {
  readonly weights: KernelWeights;
  owners: number;
}

/** The weights of one model, by module name. */
export class Parameters {
  readonly #shared: Map<string, Shared>;

  constructor(shared: Map<string, Shared> = new Map()) {
    this.#shared = shared;
  }

  /** Takes over new weights. */
  add(module: string, weights: KernelWeights): void {
    this.#shared.set(module, { weights, owners: 1 });
  }

  /** The weights of a module. */
  get(module: string): KernelWeights {
    return this.#shared.get(module)!.weights;
  }

  /** A second owner of the weights of some modules. */
  share(modules: Iterable<string>): Parameters {
    const shared = new Map<string, Shared>();
    for (const name of modules) {
      const entry = this.#shared.get(name);
      if (!entry) continue;
      entry.owners++;
      shared.set(name, entry);
    }
    return new Parameters(shared);
  }

  /** Bytes of the weights. */
  get bytes(): number {
    let sum = 0;
    for (const { weights } of this.#shared.values()) sum += weights.bytes;
    return sum;
  }

  /** Gives up this owner's share; the last owner frees the weights. */
  dispose(): void {
    for (const entry of this.#shared.values()) {
      if (--entry.owners === 0) entry.weights.dispose();
    }
    this.#shared.clear();
  }
}
