/**
 * A fitted principal component analysis: what it knows, applies and writes.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { asIs, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { Json } from "../formats/json.ts";
import { type FileSource, openByteSource } from "../runtime/open_source.ts";
import { createSha256 } from "../runtime/sha256.ts";
import { requireTensor } from "../model/layout.ts";

/** What a PCA consists of, as in scikit-learn. */
export interface PcaParts {
  /** `[features]`: subtracted first. */
  readonly mean: Float64Array;
  /** `[components, features]`, row by row: orthogonal, of length 1. */
  readonly components: Float64Array;
  /** `[components]`: the samples' variance along each, over N - 1. */
  readonly explainedVariance: Float64Array;
  /** The same as shares of all variance. */
  readonly explainedVarianceRatio: Float64Array;
  /** The singular values of the centred samples. */
  readonly singularValues: Float64Array;
  /** The number of samples it was fitted to. */
  readonly samples: number;
  /** Whether components are scaled to a variance of 1. */
  readonly whiten: boolean;
}

/** A principal component analysis; {@linkcode fitPca} makes one. */
export class Pca implements PcaParts {
  readonly mean: Float64Array;
  readonly components: Float64Array;
  readonly explainedVariance: Float64Array;
  readonly explainedVarianceRatio: Float64Array;
  readonly singularValues: Float64Array;
  readonly samples: number;
  readonly whiten: boolean;
  /** What `save` was told of the features. */
  readonly about: Json;

  /** @internal */
  constructor(parts: PcaParts, about: Json = {}) {
    this.mean = parts.mean;
    this.components = parts.components;
    this.explainedVariance = parts.explainedVariance;
    this.explainedVarianceRatio = parts.explainedVarianceRatio;
    this.singularValues = parts.singularValues;
    this.samples = parts.samples;
    this.whiten = parts.whiten;
    this.about = about;
  }

  /** `[components, features]`. */
  get shape(): [components: number, features: number] {
    return [this.explainedVariance.length, this.mean.length];
  }

  /**
   * Projects features on the components.
   *
   * @param features `[N, features]`; they stay the caller's.
   * @returns `[N, components]`; it belongs to the caller.
   * @throws {TypeError} If the features have another size.
   */
  transform(features: Tensor2D): Tensor2D {
    requireTensor(features, "transform");
    const [, size] = this.shape;
    if (features.rank !== 2 || features.shape[1] !== size) {
      throw new TypeError(
        expected("transform", `[N, ${size}]`, features.shape),
      );
    }
    return tf.tidy(() => {
      const directions = tf.tensor2d(this.#directions(), this.shape);
      const centred = tf.sub(features, Float32Array.from(this.mean));
      return tf.matMul(centred as Tensor2D, directions, false, true);
    });
  }

  /** The components, scaled if they are whitened. */
  #directions(): Float32Array {
    const [, size] = this.shape;
    if (!this.whiten) return Float32Array.from(this.components);
    const scales = this.explainedVariance.map((variance) =>
      Math.max(Math.sqrt(variance), Number.EPSILON)
    );
    return Float32Array.from(
      this.components,
      (value, i) => value / scales[Math.floor(i / size)],
    );
  }

  /** What tells it apart from others: the start of a SHA-256 of its numbers. */
  async fingerprint(): Promise<string> {
    const hash = await createSha256();
    for (const values of [this.mean, this.components, this.explainedVariance]) {
      hash.update(new Uint8Array(values.slice().buffer));
    }
    return `${hash.digest().slice(0, 16)}${this.whiten ? "w" : ""}`;
  }

  /**
   * Writes it as an `.npz` with scikit-learn's names, for {@linkcode Pca.load} and `numpy.load`.
   *
   * @param about What to say of the features: JSON, in the array `about`.
   */
  async encode(about: Json = this.about): Promise<Uint8Array<ArrayBuffer>> {
    const { encodeNpz } = await import("../formats/npz.ts");
    const [rows, columns] = this.shape;
    const vector = (values: Float64Array) => ({
      data: values.slice(),
      shape: [values.length],
    });
    const arrays = {
      mean: vector(this.mean),
      components: { data: this.components.slice(), shape: [rows, columns] },
      explained_variance: vector(this.explainedVariance),
      explained_variance_ratio: vector(this.explainedVarianceRatio),
      singular_values: vector(this.singularValues),
    };
    const { samples, whiten } = this;
    return await encodeNpz(arrays, { ...about, kind: "pca", samples, whiten });
  }

  /** Writes `encode`'s bytes to a file, whole or not at all. */
  async save(path: string, about?: Json): Promise<void> {
    const { writeFile } = await import("../weights/write_file.ts");
    await writeFile(path, await this.encode(about));
  }

  /**
   * Reads what `save` wrote.
   *
   * @throws {SyntaxError} If it isn't such a file.
   * @throws {Error} If it can't be read.
   */
  static async load(source: FileSource): Promise<Pca> {
    const { openNpz } = await import("../formats/npz.ts");
    const file = await openByteSource(source);
    try {
      const fail = failReading(file.name);
      const npz = await openNpz(file);
      const { kind, samples, whiten, ...about } = npz.about;
      if (kind !== "pca" || typeof samples !== "number") {
        throw fail("expected a PCA; `layertap pca` writes one");
      }
      const { shape } = await npz.read("components");
      const [rows, columns] = shape;
      const values = async (name: string) => {
        const array = await npz.read(name);
        const want = name === "components"
          ? [rows, columns]
          : [name === "mean" ? columns : rows];
        if (
          shape.length !== 2 || `${array.shape}` !== `${want}` ||
          array.data instanceof BigInt64Array
        ) {
          const what = asIs(`[${array.shape.join(", ")}]`);
          throw fail(expected(name, `numbers [${want.join(", ")}]`, what));
        }
        const values = Float64Array.from(array.data);
        if (values.every(Number.isFinite)) return values;
        throw fail(`"${name}" has values that aren't finite`);
      };
      return new Pca({
        mean: await values("mean"),
        components: await values("components"),
        explainedVariance: await values("explained_variance"),
        explainedVarianceRatio: await values("explained_variance_ratio"),
        singularValues: await values("singular_values"),
        samples,
        whiten: whiten === true,
      }, about);
    } finally {
      file.close();
    }
  }
}
