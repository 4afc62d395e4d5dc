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
import { smallest } from "./smallest.ts";
import {
  compareLabels,
  distancesFrom,
  type Metric,
  requireLabel,
  requireMetric,
  requireVector,
} from "./vectors.ts";

/** A class, and its share of the votes. */
export interface ClassVotes {
  /** Its name. */
  readonly label: string;
  /** 0..1; those of all classes sum to 1. */
  readonly score: number;
}

/** The options of {@linkcode KNearest}. */
export interface KNearestOptions {
  /** How many neighbours vote; all pictures do while there are fewer. Default 5. */
  readonly k?: number;
  /** Default `"euclidean"`. */
  readonly metric?: Metric;
}

interface Example {
  readonly features: Float32Array;
  readonly label: string;
}

/**
 * A classifier that learns from a few pictures, one at a time: the nearest ones vote.
 *
 * It keeps every picture's features, as float32. Its answers are those of scikit-learn's
 * `KNeighborsClassifier(k, algorithm="brute")`, ties included: of classes with as many votes, the
 * first by name wins, and of pictures at the same distance those vote that are in its heap.
 *
 * @see scikit-learn 1.7.2, `neighbors/_classification.py`.
 *
 * @example Three points, two neighbours
 * ```ts
 * import { KNearest } from "@layertap/resnet/fit";
 * import assert from "node:assert/strict";
 *
 * const head = new KNearest({ k: 2 })
 *   .add([0, 0], "left").add([1, 0], "left").add([9, 0], "right");
 * assert.equal(head.predict([2, 0]), "left");
 * assert.deepEqual(head.rank([6, 0]), [
 *   { label: "left", score: 0.5 },
 *   { label: "right", score: 0.5 },
 * ]);
 * ```
 */
export class KNearest extends SavedHead {
  /** How many neighbours vote. */
  readonly k: number;
  /** How distances are measured. */
  readonly metric: Metric;
  readonly #examples: Example[] = [];

  /** Starts without pictures. */
  constructor(
    { k = 5, metric = "euclidean" }: KNearestOptions = {},
    about?: Json,
  ) {
    super(about ?? {});
    this.k = requireInteger("k", k, 1);
    this.metric = requireMetric(metric);
  }

  /** The names of the classes, sorted. */
  get labels(): string[] {
    return [...new Set(this.#examples.map(({ label }) => label))]
      .sort(compareLabels);
  }

  /** The number of pictures. */
  get count(): number {
    return this.#examples.length;
  }

  get #size(): number | undefined {
    return this.#examples[0]?.features.length;
  }

  /**
   * Adds a picture.
   *
   * @param features Its features, as many as those before; they are copied.
   * @param label The name of its class.
   * @throws {TypeError} If these aren't as many finite numbers, or the label isn't a string.
   */
  add(features: ArrayLike<number>, label: string): this {
    requireVector(features, this.#size);
    requireLabel(label);
    this.#examples.push({ features: Float32Array.from(features), label });
    return this;
  }

  /**
   * Takes a picture out again; of several with the same features, the last.
   *
   * @param features What {@linkcode KNearest.add} got.
   * @throws {TypeError} If the features have another length.
   * @throws {RangeError} If the class doesn't have the picture.
   */
  remove(features: ArrayLike<number>, label: string): this {
    requireVector(features, this.#size);
    const given = Float32Array.from(features);
    const at = this.#examples.findLastIndex((example) =>
      example.label === label &&
      example.features.every((value, i) => value === given[i])
    );
    if (at < 0) {
      throw new RangeError(
        `"${label}" has no picture with these features; remove what was added`,
      );
    }
    this.#examples.splice(at, 1);
    return this;
  }

  /**
   * All classes, the one with the most votes first; of equals the first by name.
   *
   * @param features A picture's.
   * @throws {TypeError} If they have another length.
   * @throws {RangeError} If there are no pictures yet.
   */
  rank(features: ArrayLike<number>): ClassVotes[] {
    requireVector(features, this.#size);
    const examples = this.#examples;
    if (examples.length === 0) {
      throw new RangeError("there are no pictures yet; add some");
    }
    const distanceTo = distancesFrom(features, this.metric);
    const count = Math.min(this.k, examples.length);
    const { indices } = smallest(
      examples.map(({ features }) => distanceTo(features)),
      count,
    );
    const votes = new Map(this.labels.map((label) => [label, 0]));
    for (const i of indices) {
      const { label } = examples[i];
      votes.set(label, votes.get(label)! + 1);
    }
    return [...votes]
      .map(([label, n]) => ({ label, score: n / count }))
      .sort((a, b) => b.score - a.score);
  }

  /** The class with the most votes; throws what {@linkcode KNearest.rank} throws. */
  predict(features: ArrayLike<number>): string {
    return this.rank(features)[0].label;
  }

  /** @internal */
  protected override content(): HeadContent {
    const { k, metric, labels, count } = this;
    const size = this.#size ?? 0;
    const features = new Float32Array(count * size);
    this.#examples.forEach((example, i) =>
      features.set(example.features, i * size)
    );
    const numbers = new Map(labels.map((label, i) => [label, i]));
    const classes = Int32Array.from(
      this.#examples,
      ({ label }) => numbers.get(label)!,
    );
    return {
      values: { kind: "nearest", metric, k, labels },
      arrays: {
        features: { data: features, shape: [count, size] },
        classes: { data: classes, shape: [count] },
      },
    };
  }

  /**
   * Reads what `save` or `encode` wrote, to go on with it.
   *
   * @throws {SyntaxError} If it isn't such a file.
   * @throws {Error} If it can't be read.
   */
  static async load(source: FileSource): Promise<KNearest> {
    return await readHead(source, KNearest.read);
  }

  /** @internal */
  static async read(file: HeadFile): Promise<KNearest> {
    const { kind, metric, k, labels: _, ...about } = file.values;
    const fail = failReading(file.name);
    if (kind !== "nearest") throw fail(expected("kind", '"nearest"', kind));
    const { data: features, shape: [count, size] } = await file
      .read("features", [-1, -1]);
    const { data: classes } = await file.read("classes", [count]);
    try {
      const head = new KNearest(
        { k: k as number, metric: metric as Metric },
        about,
      );
      const most = file.labels.length - 1;
      for (const [i, number] of classes.entries()) {
        const label = file.labels[requireInteger("classes", number, 0, most)];
        head.add(features.subarray(i * size, (i + 1) * size), label);
      }
      return head;
    } catch (cause) {
      throw fail((cause as Error).message, cause);
    }
  }
}
