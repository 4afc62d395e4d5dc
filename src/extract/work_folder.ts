/**
 * A folder in which features wait until the last one is there, beside the file to be written.
 *
 * The file's format may need their number first, and a stopped run continues from the folder.
 * `<i>.bin` holds node i. `journal` holds the run's description, the shapes, then a line for each
 * commit with the pictures that it added, and hashes of these and of their values. Data reach the
 * disk before their line does, and a line holds whole batches. One process at a time has the folder.
 *
 * @module
 */

import { requireBuiltin } from "../runtime/builtin.ts";
import type { FolderLock } from "../runtime/folder_lock.ts";
import {
  type FeatureColumn,
  type FeatureRow,
  type FeatureTable,
  type FileFeatures,
  requireSameShape,
} from "../tables/feature_table.ts";
import { writeFile } from "../weights/write_file.ts";
import { Journal } from "./journal.ts";
import { lockFolder } from "./lock_folder.ts";
import { NodeFile } from "./node_file.ts";

/** What a run does; a run continues only with the same. */
export interface RunDescription {
  readonly nodes: readonly string[];
  readonly dtype: FeatureColumn["dtype"];
  readonly [key: string]: unknown;
}

/** A line of the journal. */
type Entry =
  | { readonly run: RunDescription }
  | { readonly shapes: readonly (readonly number[])[] }
  | Commit;

interface Commit {
  readonly rows: readonly FeatureRow[];
  /** By row: {@linkcode stampOf} its file; null if there is none. */
  readonly stamps: readonly (string | null)[];
  /** By node: the hash of the rows' values. */
  readonly sums: readonly string[];
}

/** A committed picture. */
export interface RecordedRow extends FeatureRow {
  /** {@linkcode stampOf} its file when it was read. */
  readonly stamp?: string;
}

/** Milliseconds between commits: the work that a killed run loses. */
const commitEvery = 2000;

/** The folder of one run. */
export class WorkFolder {
  #committed = 0;
  #pending: RecordedRow[] = [];
  #lastCommit = performance.now();
  /** Rows of failed pictures, in ascending order. */
  readonly #failed: number[] = [];
  readonly #files: NodeFile[] = [];

  private constructor(
    readonly path: string,
    readonly run: RunDescription,
    readonly lock: FolderLock,
    readonly journal: Journal<Entry>,
  ) {}

  /**
   * Opens or makes the folder.
   *
   * @param resume Whether to continue a stopped run.
   * @throws {Error} If it can't be made, another process has it, it holds other files or is damaged,
   *   or it holds a stopped run that differs or that is not to be resumed.
   */
  static async open(
    path: string,
    run: RunDescription,
    resume: boolean,
  ): Promise<WorkFolder> {
    const lock = await lockFolder(path);
    let folder: WorkFolder | undefined;
    try {
      const { readdir } = requireBuiltin("node:fs/promises");
      const name = `${path}/journal`;
      const isThere = (await readdir(path)).includes("journal");
      const journal = isThere
        ? await Journal.open<Entry>(name)
        : await Journal.create<Entry>(name);
      folder = new WorkFolder(path, run, lock, journal);
      const isBegun = await folder.#recall(resume);
      if (!isBegun) await folder.#start();
      return folder;
    } catch (error) {
      await (folder ? folder.close() : lock.release());
      throw error;
    }
  }

  /** Restores what the journal holds; false if there is nothing to continue. */
  async #recall(resume: boolean): Promise<boolean> {
    let isBegun = false;
    for await (const entry of this.journal.entries()) {
      isBegun = resume;
      if ("rows" in entry) {
        if (!resume) throw unfinished(this.path);
        const good = entry.rows.flatMap((row) => this.#count(row));
        for (const [i, file] of this.#files.entries()) {
          await file.check(good, entry.sums[i]);
        }
      } else if (resume) {
        if ("run" in entry) requireSameRun(this.path, entry.run, this.run);
        else await this.#begin(entry.shapes, NodeFile.open);
      }
    }
    return isBegun;
  }

  async #start(): Promise<void> {
    await this.journal.clear();
    await this.journal.append({ run: this.run });
  }

  async #begin(
    shapes: readonly (readonly number[])[],
    open: typeof NodeFile.open,
  ): Promise<void> {
    const { nodes, dtype } = this.run;
    for (const [i, shape] of shapes.entries()) {
      const column = { name: nodes[i], dtype, shape };
      this.#files.push(await open(`${this.path}/${i}.bin`, column));
    }
  }

  /** Counts a committed row; returns its number if it has values. */
  #count({ error }: FeatureRow): number[] {
    const row = this.#committed++;
    if (error === undefined) return [row];
    this.#failed.push(row);
    return [];
  }

  /**
   * Adds a batch, and commits from time to time.
   *
   * @param stamps Those of its pictures' files.
   * @throws {TypeError} If its shapes differ from earlier ones.
   */
  async add(
    batch: readonly FileFeatures[],
    stamps: readonly (string | undefined)[],
  ): Promise<void> {
    const values = batch.find(({ values }) => values)?.values;
    if (this.#files.length === 0 && values) {
      const shapes = this.run.nodes.map((name) => values[name].shape);
      await this.#begin(shapes, NodeFile.create);
      await this.journal.append({ shapes });
    }
    for (const [n, { path, values, error }] of batch.entries()) {
      const i = this.#committed + this.#pending.length;
      for (const file of values ? this.#files : []) {
        const { name, shape } = file.type;
        requireSameShape(name, shape, values![name].shape, path);
        await file.write(i, values![name].data);
      }
      this.#pending.push({ path, error: error?.message, stamp: stamps[n] });
    }
    if (performance.now() - this.#lastCommit > commitEvery) await this.commit();
  }

  /** Makes all batches so far permanent. */
  async commit(): Promise<void> {
    if (this.#pending.length === 0) return;
    const sums: string[] = [];
    for (const file of this.#files) sums.push(await file.sync());
    const rows = this.#pending.map(({ path, error }) => ({ path, error }));
    const stamps = this.#pending.map(({ stamp = null }) => stamp);
    await this.journal.append({ rows, stamps, sums });
    for (const row of rows) this.#count(row);
    this.#pending = [];
    this.#lastCommit = performance.now();
  }

  /** All committed pictures. */
  table(): FeatureTable {
    return {
      count: this.#committed,
      rows: () => this.rows(),
      columns: this.#files.map((file) => ({
        ...file.type,
        read: (from, to) => file.read(from, to, this.#failed),
      })),
    };
  }

  /** All committed pictures, with the stamps of their files. */
  async *rows(): AsyncGenerator<RecordedRow> {
    for await (const entry of this.journal.entries()) {
      if (!("rows" in entry)) continue;
      for (const [i, row] of entry.rows.entries()) {
        yield { ...row, stamp: entry.stamps[i] ?? undefined };
      }
    }
  }

  /**
   * Replaces the folder with a file: writes it here, then moves it.
   *
   * @throws {Error} If the file can't be written; the folder stays.
   */
  async become(
    target: string,
    content: ReadableStream<Uint8Array>,
  ): Promise<void> {
    const { rm } = requireBuiltin("node:fs/promises");
    const whole = `${this.path}/whole`;
    await rm(whole, { force: true });
    await writeFile(target, content, whole);
    await this.remove();
  }

  /** Closes its files, and lets others take it. */
  async close(): Promise<void> {
    await this.#closeFiles();
    await this.lock.release();
  }

  /** Closes and deletes it. */
  async remove(): Promise<void> {
    const { rm } = requireBuiltin("node:fs/promises");
    await this.#closeFiles();
    // What a kill leaves without a journal isn't resumed.
    await rm(`${this.path}/journal`, { force: true });
    await this.lock.remove();
  }

  async #closeFiles(): Promise<void> {
    for (const file of [this.journal, ...this.#files]) await file.close();
  }
}

function unfinished(path: string): Error {
  return new Error(
    `"${path}" holds an unfinished run; resume it, or delete the folder to ` +
      "start over",
  );
}

function requireSameRun(
  path: string,
  then: RunDescription,
  now: RunDescription,
): void {
  for (const key of new Set([...Object.keys(then), ...Object.keys(now)])) {
    const [was, is] = [then, now].map((run) => JSON.stringify(run[key]));
    if (was === is) continue;
    throw new Error(
      `cannot resume the run in "${path}": ${key} was ${was}, now it is ${is}; ` +
        "use the same options, or delete the folder to start over",
    );
  }
}
