/**
 * A run over many pictures that ends in one file, and can be resumed until then.
 *
 * @module
 */

import { requireBuiltin } from "../runtime/builtin.ts";
import type {
  FeatureRow,
  FeatureTable,
  FileFeatures,
} from "../tables/feature_table.ts";
import { stampOf } from "./input_stamp.ts";
import type { RunDescription, WorkFolder } from "./work_folder.ts";

/** How a run goes on. */
export interface RunOptions {
  /** Continues a stopped run, if there is one. Default `false`. */
  readonly resume?: boolean;
  /** Called after each batch with the number of pictures done so far. */
  readonly onProgress?: (pictures: number) => void;
  /** Stops the run after a batch, with the signal's reason; `resume` continues it. */
  readonly signal?: AbortSignal;
}

/** What a run did. */
export interface ExtractReport {
  /** Number of pictures, failed ones included. */
  readonly count: number;
  /** Number of pictures that could not be read. */
  readonly failed: number;
  /** The errors of the first five of these. */
  readonly reasons: readonly string[];
}

/** Whether a picture is done, and not to be computed again. */
export type Skip = (path: string) => Promise<boolean>;

/**
 * Computes values for pictures and makes a file of them: all of it or nothing. Until then they wait in
 * the folder `<out>.part`.
 *
 * @param run What is computed; a run continues only with the same.
 * @param batches Computes them, but those to skip.
 * @param content The file's bytes; if it fails, the run can be resumed.
 * @throws {Error} If no picture can be read, the file can't be written, another process is writing
 *   it, a stopped run is there and `resume` is not set, or the stopped run is damaged or differs.
 */
export async function resumableRun(
  out: string,
  run: RunDescription,
  options: RunOptions,
  batches: (skip: Skip) => AsyncIterable<FileFeatures[]>,
  content: (table: FeatureTable) => Promise<ReadableStream<Uint8Array>>,
): Promise<ExtractReport> {
  const { realpath } = requireBuiltin("node:fs/promises");
  const { WorkFolder } = await import("./work_folder.ts");
  const target = await realpath(out).catch(() => out);
  const folder = await WorkFolder.open(
    `${target}.part`,
    run,
    options.resume ?? false,
  );
  try {
    await collect(batches, folder, options);
    const table = folder.table();
    const report = await reportOn(table);
    await folder.become(target, await content(table));
    return report;
  } catch (error) {
    const { count, columns } = folder.table();
    if (count > 0 && columns.length > 0) await folder.close();
    else await folder.remove(); // Nothing to resume.
    throw error;
  }
}

/** Computes what the folder doesn't have yet. */
async function collect(
  batches: (skip: Skip) => AsyncIterable<FileFeatures[]>,
  folder: WorkFolder,
  options: RunOptions,
): Promise<void> {
  const recorded = folder.rows();
  const stamps: Promise<string | undefined>[] = [];
  let count = 0;
  const isDone = async (path: string) => {
    const stamp = stampOf(path);
    const { done, value } = await recorded.next();
    if (done) {
      stamps.push(stamp);
      return false;
    }
    if (value.path !== path) throw otherFiles(count, value, `it is "${path}"`);
    if (value.stamp !== await stamp) throw changedFile(path, folder);
    count++;
    return true;
  };
  for await (const batch of batches(isDone)) {
    const done = await Promise.all(stamps.splice(0, batch.length));
    await folder.add(batch, done);
    count += batch.length;
    options.onProgress?.(count);
    if (options.signal?.aborted) {
      await folder.commit();
      throw options.signal.reason;
    }
  }
  await folder.commit();
  const { done, value } = await recorded.next();
  if (!done) throw otherFiles(count, value, "the list ends before it");
}

function otherFiles(i: number, { path }: FeatureRow, now: string): Error {
  return new Error(
    `cannot resume: picture ${i + 1} was "${path}", now ${now}; ` +
      "pass the same files in the same order",
  );
}

function changedFile(path: string, folder: WorkFolder): Error {
  return new Error(
    `cannot resume: "${path}" has changed since it was read; ` +
      `delete "${folder.path}" to start over`,
  );
}

async function reportOn(table: FeatureTable): Promise<ExtractReport> {
  const reasons: string[] = [];
  let failed = 0;
  for await (const { error } of table.rows()) {
    if (error === undefined) continue;
    failed++;
    if (reasons.length < 5) reasons.push(error);
  }
  if (table.count === 0) {
    throw new RangeError("files: expected at least one, got none");
  }
  if (failed === table.count) {
    throw new Error(
      failed === 1
        ? reasons[0]
        : `cannot read any of the ${failed} pictures; the first: ${reasons[0]}`,
    );
  }
  return { count: table.count, failed, reasons };
}
