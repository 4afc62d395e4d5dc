/**
 * A bank of good pictures' patches, and the scores of others.
 *
 * @module
 */

import "../runtime/dispose.ts";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Picture } from "../image/rgb_image.ts";
import { partsOf, type ResNet } from "../model/model.ts";
import { isBatch } from "../model/preprocess.ts";
import { writeFile } from "../weights/write_file.ts";
import { type BankContent, type BankOrigin, bankStream } from "./bank_file.ts";
import { patchShapeOf } from "./bank_size.ts";
import { patchesOf } from "./patches.ts";
import { minusHalfSquare, RowProducts } from "./row_products.ts";
import { type AnomalyScore, type Bank, scorePatches } from "./score.ts";

/** What a bank says of good pictures: see {@linkcode PatchCore.threshold}. */
export interface AnomalyThreshold {
  /** A picture with a larger score is anomalous. */
  readonly score: number;
  /** Where its map is larger, it is anomalous. */
  readonly map: number;
}

/** What this package's own functions need of a bank. */
interface BankParts {
  /** The network up to the layers. */
  readonly front: ResNet;
  readonly content: BankContent;
  /**
   * Scores the values of a picture's layers, `[h, w, C]`.
   *
   * @param size Height and width of the input. Default: as the first layer's grid has it.
   */
  score(
    layers: readonly ShapedArray[],
    size?: readonly [number, number],
  ): AnomalyScore;
}

/** The parts of a bank, for this package's own functions; throws if it was disposed. */
export let bankParts: (bank: PatchCore) => BankParts;

/**
 * What {@linkcode fitPatchCore} and {@linkcode loadPatchCore} return: patches of good pictures, on the
 * network that made them. It shares the network's weights; dispose each of the two, in any order.
 */
export class PatchCore implements Disposable {
  /** How the bank was made. */
  readonly origin: BankOrigin;
  /** `[patches, channels]` of the bank. */
  readonly shape: readonly [number, number];
  /** The good pictures that couldn't be read. */
  readonly failures: readonly {
    readonly path: string;
    readonly error: Error;
  }[];
  readonly #front: ResNet;
  readonly #content: BankContent;
  readonly #bank: Bank;
  readonly #reduction: number;
  #disposed = false;

  static {
    bankParts = (bank) => {
      bank.#requireAlive();
      return {
        front: bank.#front,
        content: bank.#content,
        score: (layers, size) => bank.#score(layers, size),
      };
    };
  }

  /**
   * Use {@linkcode fitPatchCore} or {@linkcode loadPatchCore}.
   *
   * @internal
   */
  constructor(
    model: ResNet,
    content: BankContent,
    failures: PatchCore["failures"] = [],
  ) {
    const { origin, rows, channels } = content;
    this.origin = origin;
    this.shape = [rows.length / channels, channels];
    this.failures = failures;
    this.#content = content;
    this.#reduction = patchShapeOf(model, origin.layers).reduction;
    this.#front = model.truncate(origin.layers);
    const products = new RowProducts(partsOf(model).kernels, channels);
    const { neighbors } = origin;
    this.#bank = { rows, products, neighbors };
    try {
      products.add(rows, minusHalfSquare);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Scores a picture: one forward pass, then the nearest patch of the bank for each of its patches.
   *
   * @param picture A decoded picture, or a normalized tensor `[1, H, W, 3]`, which stays the
   *   caller's.
   * @returns The score, and the map of the crop that the network sees (`unprocess` shows it).
   * @throws {TypeError} If it isn't one picture.
   *
   * @example A picture that the bank knows, and one that it doesn't
   * ```ts
   * import { createModel, decodeImage } from "@layertap/resnet";
   * import { fitPatchCore } from "@layertap/resnet/anomaly";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("mlnet_resnet18", "layer3", true);
   * const cat = await decodeImage("examples/images/chelsea.png");
   * const rocket = await decodeImage("examples/images/rocket.jpg");
   * using bank = await fitPatchCore(model, [cat], { coreset: 0.1 });
   * const { score, map } = await bank.score(rocket);
   * assert(score > (await bank.score(cat)).score);
   * assert.deepEqual(map.shape, [224, 224]);
   * ```
   */
  async score(picture: Picture | Tensor4D): Promise<AnomalyScore> {
    this.#requireAlive();
    const isTensor = isBatch(picture);
    const [count] = isTensor ? picture.shape : [1];
    if (isTensor && (picture.rank !== 4 || count !== 1)) {
      throw new TypeError(expected("score", "[1, H, W, 3]", picture.shape));
    }
    const { layers, region, crop } = this.origin;
    const input = isTensor
      ? picture
      : this.#front.preprocess(picture, { region, crop });
    const [, height, width] = input.shape;
    try {
      const values = this.#front.extract(input, layers);
      const arrays = layers.map(async (layer) => {
        const { shape: [, ...shape] } = values[layer];
        const data = await values[layer].data<"float32">();
        values[layer].dispose();
        return { data, shape };
      });
      const maps = await Promise.all(arrays);
      this.#requireAlive();
      return this.#score(maps, [height, width]);
    } finally {
      if (!isTensor) input.dispose();
    }
  }

  #score(
    layers: readonly ShapedArray[],
    size?: readonly [number, number],
  ): AnomalyScore {
    const [h, w] = layers[0].shape;
    const usual = [h * this.#reduction, w * this.#reduction] as const;
    return scorePatches(patchesOf(layers), this.#bank, size ?? usual);
  }

  /** Whether good pictures were held out, so that there is a threshold. */
  get hasThreshold(): boolean {
    return this.#content.heldOut.scores.length > 0;
  }

  /**
   * The largest values that good pictures reach, from those that `fitPatchCore` held out of the bank.
   *
   * @param quantile The share of held-out pictures at or below, 0..1; linear between two of them,
   *   as `numpy.quantile`. Default 1: the largest.
   * @throws {RangeError} If the quantile is out of bounds, or no picture was held out.
   *
   * @example Five pictures, of which one is held out
   * ```ts
   * import { createModel, decodeImage } from "@layertap/resnet";
   * import { fitPatchCore } from "@layertap/resnet/anomaly";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("mlnet_resnet18", "layer3", true);
   * const cat = await decodeImage("examples/images/chelsea.png");
   * const rocket = await decodeImage("examples/images/rocket.jpg");
   * using bank = await fitPatchCore(model, [cat, cat, cat, cat, cat], { coreset: 0.1 });
   * const { score } = bank.threshold();
   * assert((await bank.score(rocket)).score > score);
   * ```
   */
  threshold(quantile = 1): AnomalyThreshold {
    const { scores, maxima } = this.#content.heldOut;
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new RangeError(
        expected("quantile", "a number from 0 to 1", quantile),
      );
    }
    if (!this.hasThreshold) {
      throw new RangeError(
        "no good picture was held out of this bank; fit it to five or more, " +
          "with holdOut above 0",
      );
    }
    return {
      score: quantileOf(scores, quantile),
      map: quantileOf(maxima, quantile),
    };
  }

  /**
   * Writes the bank as `.npz`, whole or not at all. NumPy's `load` opens it: `patches`,
   * `held_out_scores`, `held_out_maxima`, and `about`, a string of JSON.
   *
   * @throws {Error} If the file can't be written, or the runtime has no files.
   */
  async save(path: string): Promise<void> {
    await writeFile(path, this.stream());
  }

  /**
   * The bytes of the same file, where there are no files, as in a page.
   *
   * @example A bank that is loaded again
   * ```ts
   * import { createModel, decodeImage } from "@layertap/resnet";
   * import { fitPatchCore, loadPatchCore } from "@layertap/resnet/anomaly";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("mlnet_resnet18", "layer3", true);
   * const cat = await decodeImage("examples/images/chelsea.png");
   * using bank = await fitPatchCore(model, [cat], { coreset: 0.01 });
   * const file = await new Response(bank.stream()).blob();
   * using loaded = await loadPatchCore(model, file);
   * assert.equal((await loaded.score(cat)).score, (await bank.score(cat)).score);
   * ```
   */
  stream(): ReadableStream<Uint8Array> {
    this.#requireAlive();
    return bankStream(this.#content);
  }

  #requireAlive(): void {
    if (this.#disposed) throw new Error("this bank was disposed");
  }

  /** Frees the bank, and the weights, except those that other models share. Safe to call twice. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#bank.products.dispose();
    this.#front.dispose();
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** `numpy.quantile`. */
function quantileOf(values: Float64Array, quantile: number): number {
  const sorted = values.toSorted();
  const at = quantile * (sorted.length - 1);
  const below = Math.floor(at), above = Math.ceil(at);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
