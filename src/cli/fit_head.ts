/**
 * From folders of pictures to a head.
 *
 * @module
 */

import type { Head } from "../fit/load_head.ts";
import type { FileFeatures } from "../tables/feature_table.ts";
import { type Io, UsageError } from "./command.ts";
import type { Failures } from "./failures.ts";
import { warnOn } from "./network.ts";
import { filesOf } from "./picture_files.ts";

/** A picture, and the name of its class. */
export interface ClassPicture {
  readonly path: string;
  readonly label: string;
}

/**
 * The pictures of folders; a class is a folder in one of them, with all that is below it.
 *
 * @param failures Gets what can't be listed.
 * @throws {UsageError} If there are no such folders.
 */
export async function classPictures(
  folders: readonly string[],
  io: Io,
  failures: Failures,
): Promise<ClassPicture[]> {
  const pictures: ClassPicture[] = [];
  let strays = 0;
  for (const folder of folders) {
    const start = folder === "." ? "" : folder.replace(/\/*$/, "/");
    for (const path of await filesOf([folder], io, failures)) {
      const [label, ...rest] = path.startsWith(start)
        ? path.slice(start.length).split("/")
        : [];
      if (rest.length > 0) pictures.push({ path, label });
      else strays++;
    }
  }
  if (pictures.length === 0 && strays > 0) {
    throw new UsageError(
      "expected a folder with a folder of pictures for each class, such as " +
        `photos/cat/1.jpg; "${folders.join('", "')}" has none`,
    );
  }
  if (strays > 0) {
    warnOn(io)(`passed over ${strays} pictures that are in no class's folder`);
  }
  return pictures;
}

/** What to fit. */
export interface FitHeadOptions {
  readonly kind: "mean" | "nearest" | "softmax";
  readonly metric: "euclidean" | "cosine";
  readonly k: number;
  /** A head to go on with, instead of these three. */
  readonly given?: Head;
  /** Gets the pictures that can't be read. */
  readonly failures: Failures;
  readonly onPicture: (done: number) => Promise<void>;
}

/**
 * Fits a head to the features of pictures, in their order.
 *
 * @returns The head, and the number of pictures that it learnt.
 * @throws {UsageError} If the given head is linear, or there is one class only.
 */
export async function fillHead(
  pictures: readonly ClassPicture[],
  features: AsyncIterable<FileFeatures>,
  { kind, metric, k, given, failures, onPicture }: FitHeadOptions,
): Promise<{ readonly head: Head; readonly count: number }> {
  const { KNearest } = await import("../fit/k_nearest.ts");
  const { NearestMean } = await import("../fit/nearest_mean.ts");
  const { LinearFit } = await import("../fit/linear_fit.ts");
  if (given instanceof LinearFit) {
    throw new UsageError("--in: a linear head can't learn more pictures");
  }
  const head = given ??
    (kind === "nearest"
      ? new KNearest({ k, metric })
      : new NearestMean({ metric }));
  const rows: Float32Array[] = [];
  const labels: string[] = [];
  let done = 0;
  for await (const { values, error } of features) {
    const { label } = pictures[done];
    await onPicture(++done);
    if (error) failures.picture(error);
    if (!values) continue;
    const [{ data }] = Object.values(values);
    labels.push(label);
    if (kind !== "softmax" || given) head.add(data, label);
    else rows.push(data);
  }
  const count = labels.length;
  if (count === 0 || kind !== "softmax" || given) return { head, count };
  return { head: await fitSoftmax(rows, labels), count };
}

async function fitSoftmax(
  rows: readonly Float32Array[],
  labels: readonly string[],
): Promise<Head> {
  const { tensor2d } = await import("../fit/tensor2d.ts");
  const { fitLinear } = await import("../fit/fit_linear.ts");
  const { compareLabels } = await import("../fit/vectors.ts");
  const names = [...new Set(labels)].sort(compareLabels);
  if (names.length < 2) {
    throw new UsageError(
      `--kind softmax needs two classes; all pictures are in "${names[0]}"`,
    );
  }
  const all = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => all.set(row, i * row.length));
  const features = tensor2d(all, [rows.length, rows[0].length]);
  try {
    const numbers = labels.map((label) => names.indexOf(label));
    return await fitLinear(features, numbers, { labels: names });
  } finally {
    features.dispose();
  }
}
