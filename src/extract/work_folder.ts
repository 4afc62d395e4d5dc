/**
 * A folder in which features wait until the last one is there, beside the file to be written.
 *
 * The file's format may need their number first, and a stopped run continues from the folder.
 * `<i>.bin` holds node i. `journal` holds the run's description, the shapes, then a line for each
 * commit with the pictures that it added. Data reach the disk before their line does, and a line
 * holds whole batches.
 *
 * @module
 */

import { requireBuiltin } from "../runtime/builtin.ts";
import {
  type FeatureColumn,
  type FeatureRow,
  type FeatureTable,
  type FileFeatures,
  requireSameShape,
} from "../tables/feature_table.ts";
import { Journal } from "./journal.ts";
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
  | { readonly rows: readonly FeatureRow[] };

/** Milliseconds between commits: the work that a killed run loses. */
const commitEvery = 2000;

/** The folder of one run. */
export class WorkFolder {
  #committed = 0;
  #pending: FeatureRow[] = [];
  #lastCommit = performance.now();
  /** Rows of failed pictures, in ascending order. */
  readonly #failed: number[] = [];
  readonly #files: NodeFile[] = [];

  private constructor(
    readonly path: string,
    readonly run: RunDescription,
    readonly journal: Journal<Entry>,
  ) {}

  /**
   * Opens or creates the folder.
   *
   * @param resume Whether to continue a stopped run.
   * @throws {Error} If it can't be created, holds other files, or holds a stopped run that differs
   *   or that is not to be resumed.
   */
  static async open(
    path: string,
    run: RunDescription,
    resume: boolean,
  ): Promise<WorkFolder> {
    await createFolder(path);
    const journal = await Journal.open<Entry>(`${path}/journal`);
    const folder = new WorkFolder(path, run, journal);
    try {
      await folder.#recall(resume);
    } catch (error) {
      await folder.close();
      throw error;
    }
    return folder;
  }

  /** Restores what the journal holds. */
  async #recall(resume: boolean): Promise<void> {
    let isEmpty = true;
    for await (const entry of this.journal.entries()) {
      isEmpty = false;
      if ("rows" in entry) {
        if (!resume) throw unfinished(this.path);
        for (const row of entry.rows) this.#count(row, this.#committed++);
      } else if (resume) {
        if ("run" in entry) requireSameRun(this.path, entry.run, this.run);
        else await this.#begin(entry.shapes);
      }
    }
    if (!isEmpty && resume) return;
    await this.journal.clear();
    await this.journal.append({ run: this.run });
  }

  async #begin(shapes: readonly (readonly number[])[]): Promise<void> {
    const { nodes, dtype } = this.run;
    for (const [i, shape] of shapes.entries()) {
      const column = { name: nodes[i], dtype, shape };
      this.#files.push(await NodeFile.open(`${this.path}/${i}.bin`, column));
    }
  }

  #count({ error }: FeatureRow, row: number): void {
    if (error !== undefined) this.#failed.push(row);
  }

  /**
   * Adds a batch, and commits from time to time.
   *
   * @throws {TypeError} If its shapes differ from earlier ones.
   */
  async add(batch: readonly FileFeatures[]): Promise<void> {
    const values = batch.find(({ values }) => values)?.values;
    if (this.#files.length === 0 && values) {
      const shapes = this.run.nodes.map((name) => values[name].shape);
      await this.#begin(shapes);
      await this.journal.append({ shapes });
    }
    for (const { path, values, error } of batch) {
      const row = { path, error: error?.message };
      const i = this.#committed + this.#pending.length;
      for (const file of values ? this.#files : []) {
        const { name, shape } = file.type;
        requireSameShape(name, shape, values![name].shape, path);
        await file.write(i, values![name].data);
      }
      this.#count(row, i);
      this.#pending.push(row);
    }
    if (performance.now() - this.#lastCommit > commitEvery) await this.commit();
  }

  /** Makes all batches so far permanent. */
  async commit(): Promise<void> {
    if (this.#pending.length === 0) return;
    for (const file of this.#files) await file.sync();
    await this.journal.append({ rows: this.#pending });
    this.#committed += this.#pending.length;
    this.#pending = [];
    this.#lastCommit = performance.now();
  }

  /** All committed pictures. */
  table(): FeatureTable {
    return {
      count: this.#committed,
      rows: () => this.#rows(),
      columns: this.#files.map((file) => ({
        ...file.type,
        read: (from, to) => file.read(from, to, this.#failed),
      })),
    };
  }

  async *#rows(): AsyncGenerator<FeatureRow> {
    for await (const entry of this.journal.entries()) {
      if ("rows" in entry) yield* entry.rows;
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
    const { open, rename } = requireBuiltin("node:fs/promises");
    const whole = `${this.path}/whole`;
    try {
      const file = await open(whole, "w");
      try {
        for await (const chunk of content) await file.writeFile(chunk);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(whole, target);
    } catch (cause) {
      throw new Error(`cannot write "${target}": ${reasonOf(cause)}`, {
        cause,
      });
    }
    await this.remove();
  }

  /** Closes its files. */
  async close(): Promise<void> {
    for (const file of [this.journal, ...this.#files]) await file.close();
  }

  /** Closes and deletes it. */
  async remove(): Promise<void> {
    const { rm } = requireBuiltin("node:fs/promises");
    await this.close();
    await rm(this.path, { recursive: true });
  }
}

/** Creates the folder, unless it exists. */
async function createFolder(path: string): Promise<void> {
  const { mkdir, readdir } = requireBuiltin("node:fs/promises");
  try {
    const names = await readdir(path).catch((error) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!names) await mkdir(path);
    else if (names.length > 0 && !names.includes("journal")) {
      throw new Error("it exists and holds other files");
    }
  } catch (cause) {
    throw new Error(`cannot create the folder "${path}": ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function unfinished(path: string): Error {
  return new Error(
    `"${path}" holds an unfinished run; resume it, or delete the folder to ` +
      "start over",
  );
}

/** Node's message without the system call, which names other files. */
function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/, \w+ '.*$/, "");
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
