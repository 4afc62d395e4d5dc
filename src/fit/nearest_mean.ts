import { expected, requireInteger } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { Json } from "../formats/json.ts";
import type { FileSource } from "../runtime/open_source.ts";
import {
  type HeadContent,
  type HeadFile,
  readHead,
  SavedHead,
} from "./head_file.ts";
import {
  compareLabels,
  distancesFrom,
  type Metric,
  requireLabel,
  requireMetric,
  requireVector,
} from "./vectors.ts";

/** A class, and how far it is. */
export interface ClassDistance {
  /** Its name. */
  readonly label: string;
  /** From the mean of the class. */
  readonly distance: number;
}

/** The options of {@linkcode NearestMean}. */
export interface NearestMeanOptions {
  /** Default `"euclidean"`. */
  readonly metric?: Metric;
}

interface ClassSum {
  readonly sum: Float64Array;
  count: number;
}

/**
 * A classifier that learns from a few pictures, one at a time: the class whose mean is nearest.
 *
 * It keeps the sum of each class, in double precision, so pictures cost no memory. With
 * `"euclidean"` its answers are those of scikit-learn's `NearestCentroid`; of classes at the same
 * distance, the first by name wins.
 *
 * @see scikit-learn 1.7.2, `neighbors/_nearest_centroid.py`.
 *
 * @example Two classes, one picture each
 * ```ts
 * import { createModel, decodeImage, embed } from "@layertap/resnet";
 * import { NearestMean } from "@layertap/resnet/fit";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const featuresOf = async (path: string) =>
 *   await embed(model, await decodeImage(path)).data();
 * const cat = await featuresOf("examples/images/chelsea.png");
 * const head = new NearestMean({ metric: "cosine" })
 *   .add(cat, "cat")
 *   .add(await featuresOf("examples/images/rocket.jpg"), "rocket");
 * assert.equal(head.predict(cat), "cat");
 * ```
 */
export class NearestMean extends SavedHead {
  /** How distances are measured. */
  readonly metric: Metric;
  readonly #classes = new Map<string, ClassSum>();
  #size: number | undefined;

  /** Starts without pictures. */
  constructor({ metric = "euclidean" }: NearestMeanOptions = {}, about?: Json) {
    super(about ?? {});
    this.metric = requireMetric(metric);
  }

  /** The names of the classes, sorted. */
  get labels(): string[] {
    return [...this.#classes.keys()].sort(compareLabels);
  }

  /** The number of pictures. */
  get count(): number {
    return [...this.#classes.values()].reduce((n, { count }) => n + count, 0);
  }

  /**
   * Adds a picture.
   *
   * @param features Its features, as many as those before.
   * @param label The name of its class.
   * @throws {TypeError} If these aren't as many finite numbers, or the label isn't a string.
   */
  add(features: ArrayLike<number>, label: string): this {
    requireVector(features, this.#size);
    requireLabel(label);
    this.#size = features.length;
    const found = this.#classes.get(label) ??
      { sum: new Float64Array(features.length), count: 0 };
    this.#classes.set(label, found);
    for (let i = 0; i < features.length; i++) found.sum[i] += features[i];
    found.count++;
    return this;
  }

  /**
   * Takes a picture out again. The sums go back to what they were, up to rounding in double
   * precision; a class without pictures is forgotten.
   *
   * @param features What {@linkcode NearestMean.add} got.
   * @throws {TypeError} If the features have another length.
   * @throws {RangeError} If the class has no picture.
   */
  remove(features: ArrayLike<number>, label: string): this {
    requireVector(features, this.#size);
    const { sum } = this.#class(label);
    for (let i = 0; i < features.length; i++) sum[i] -= features[i];
    if (--this.#class(label).count === 0) this.#classes.delete(label);
    if (this.#classes.size === 0) this.#size = undefined;
    return this;
  }

  /** @throws {RangeError} If there is no such class. */
  #class(label: string): ClassSum {
    const found = this.#classes.get(label);
    if (found) return found;
    throw new RangeError(
      expected("label", "the name of a class with pictures", label),
    );
  }

  /**
   * The mean of a class.
   *
   * @throws {RangeError} If the class has no picture.
   */
  mean(label: string): Float64Array {
    const { sum, count } = this.#class(label);
    return sum.map((value) => value / count);
  }

  /**
   * All classes, the nearest first; of equals the first by name.
   *
   * @param features A picture's.
   * @throws {TypeError} If they have another length.
   * @throws {RangeError} If there are no pictures yet.
   */
  rank(features: ArrayLike<number>): ClassDistance[] {
    requireVector(features, this.#size);
    if (this.#size === undefined) {
      throw new RangeError("there are no pictures yet; add some");
    }
    const distanceTo = distancesFrom(features, this.metric);
    return this.labels
      .map((label) => ({ label, distance: distanceTo(this.mean(label)) }))
      .sort((a, b) => a.distance - b.distance);
  }

  /** The nearest class; throws what {@linkcode NearestMean.rank} throws. */
  predict(features: ArrayLike<number>): string {
    return this.rank(features)[0].label;
  }

  /** @internal */
  protected override content(): HeadContent {
    const { metric, labels } = this;
    const classes = labels.map((label) => this.#classes.get(label)!);
    const size = this.#size ?? 0;
    const sums = new Float64Array(labels.length * size);
    classes.forEach(({ sum }, i) => sums.set(sum, i * size));
    const counts = Int32Array.from(classes, ({ count }) => count);
    return {
      values: { kind: "mean", metric, labels },
      arrays: {
        sums: { data: sums, shape: [labels.length, size] },
        counts: { data: counts, shape: [labels.length] },
      },
    };
  }

  /**
   * Reads what `save` or `encode` wrote, to go on with it.
   *
   * @throws {SyntaxError} If it isn't such a file.
   * @throws {Error} If it can't be read.
   */
  static async load(source: FileSource): Promise<NearestMean> {
    return await readHead(source, NearestMean.read);
  }

  /** @internal */
  static async read(file: HeadFile): Promise<NearestMean> {
    const { kind, metric, labels: _, ...about } = file.values;
    const fail = failReading(file.name);
    if (kind !== "mean") throw fail(expected("kind", '"mean"', kind));
    const { labels } = file;
    const sums = await file.read("sums", [labels.length, -1]);
    const counts = await file.read("counts", [labels.length]);
    try {
      const head = new NearestMean({ metric: requireMetric(metric) }, about);
      const size = sums.shape[1];
      labels.forEach((label, i) => {
        const count = requireInteger("counts", counts.data[i], 1);
        const sum = sums.data.slice(i * size, (i + 1) * size);
        head.#classes.set(label, { sum, count });
        head.#size = size;
      });
      return head;
    } catch (cause) {
      throw fail((cause as Error).message, cause);
    }
  }
}
