/**
 * Heads as files: JSON, or an `.npz` that NumPy opens.
 *
 * @module
 */

import { asIs, expected, requireOneOf } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { elementCount } from "../formats/elements.ts";
import { isRecord, type Json, parseJsonObject } from "../formats/json.ts";
import type { NpzArray } from "../formats/npz.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { type FileSource, openByteSource } from "../runtime/open_source.ts";

/** What a head consists of. */
export interface HeadContent {
  /** JSON values, `kind` among them. */
  readonly values: Json;
  /** Numbers by name. */
  readonly arrays: Readonly<Record<string, NpzArray>>;
}

/** A head as a file has it. */
export interface HeadFile {
  readonly name: string;
  /** Its JSON values. */
  readonly values: Json;
  /** The names of its classes. */
  readonly labels: readonly string[];
  /**
   * Numbers by name.
   *
   * @param shape What they must have; -1 for any length.
   * @throws {SyntaxError} If they are missing or have another shape.
   */
  read(name: string, shape: readonly number[]): Promise<NumberArray>;
}

interface NumberArray {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** A head that can be saved. */
export abstract class SavedHead {
  /** What its file says of the features: JSON. */
  readonly about: Json;

  /** @internal */
  constructor(about: Json) {
    this.about = about;
  }

  /** @internal */
  protected abstract content(): HeadContent;

  /**
   * The head as a file; the same head gives the same bytes.
   *
   * @param format An `.npz` for `numpy.load`, or JSON.
   * @param about What to say of the features.
   */
  async encode(
    format: "npz" | "json" = "npz",
    about: Json = this.about,
  ): Promise<Uint8Array<ArrayBuffer>> {
    requireOneOf("format", format, ["npz", "json"]);
    const { values, arrays } = this.content();
    if (format === "npz") {
      const { encodeNpz } = await import("../formats/npz.ts");
      return await encodeNpz(arrays, { ...about, ...values });
    }
    const lists = Object.entries(arrays).map(([name, array]) =>
      [name, listOf(array)] as const
    );
    const json = { ...about, ...values, arrays: Object.fromEntries(lists) };
    return new TextEncoder().encode(`${JSON.stringify(json)}\n`);
  }

  /**
   * Writes the head to a file, whole or not at all.
   *
   * @param path A path that ends in `.npz` or `.json`.
   * @param about What to say of the features.
   * @throws {RangeError} If the path ends in something else.
   * @throws {Error} If it can't be written.
   */
  async save(path: string, about?: Json): Promise<void> {
    const format = /\.(npz|json)$/i.exec(path)?.[1].toLowerCase();
    if (format === undefined) {
      const what = "a name that ends in .npz or .json";
      throw new RangeError(expected("path", what, path));
    }
    const { writeFile } = await import("../weights/write_file.ts");
    const bytes = await this.encode(format as "npz" | "json", about);
    await writeFile(path, bytes);
  }
}

/** Rows as lists of numbers. */
function listOf({ data, shape }: NpzArray): unknown[] {
  const numbers = Array.from<number | bigint>(data);
  if (shape.length < 2) return numbers;
  const [rows, columns] = shape;
  return Array.from(
    { length: rows },
    (_, i) => numbers.slice(i * columns, (i + 1) * columns),
  );
}

/**
 * Reads a head.
 *
 * @param build Makes it from the file, which is closed afterwards.
 * @throws {SyntaxError} If it isn't a head's file.
 * @throws {Error} If it can't be read.
 */
export async function readHead<T>(
  source: FileSource,
  build: (file: HeadFile) => Promise<T>,
): Promise<T> {
  const opened = await openByteSource(source);
  try {
    const { name } = opened;
    const { values, array } = await contentOf(opened);
    const { labels = [] } = values;
    const isText = (label: unknown) => typeof label === "string";
    const fail = failReading(name);
    if (!Array.isArray(labels) || !labels.every(isText)) {
      throw fail("expected a head with the names of its classes");
    }
    return await build({
      name,
      values,
      labels,
      async read(name, shape) {
        const found = await array(name);
        const isRight = found.shape.length === shape.length &&
          found.shape.every((n, i) => shape[i] < 0 || n === shape[i]);
        if (isRight && found.data.every(Number.isFinite)) return found;
        const what = `finite numbers [${
          shape.map((n) => n < 0 ? "N" : n).join(", ")
        }]`;
        const got = isRight
          ? found.data.find((value) => !Number.isFinite(value))
          : asIs(`[${found.shape.join(", ")}]`);
        throw fail(expected(name, what, got));
      },
    });
  } finally {
    opened.close();
  }
}

interface Content {
  readonly values: Json;
  array(name: string): Promise<NumberArray>;
}

async function contentOf(source: ByteSource): Promise<Content> {
  const [first] = await source.read(0, Math.min(1, source.size));
  const fail = failReading(source.name);
  if (first !== 0x7b) {
    const { openNpz } = await import("../formats/npz.ts");
    const { about, read } = await openNpz(source);
    return {
      values: about,
      async array(name) {
        const { data, shape } = await read(name);
        return { data: Float64Array.from(data, Number), shape };
      },
    };
  }
  const json = parseJsonObject(await source.read(0, source.size), fail);
  const { arrays, ...values } = json;
  return {
    values,
    array(name) {
      const list = isRecord(arrays) ? arrays[name] : undefined;
      const rows = Array.isArray(list) ? list : [];
      const columns = Array.isArray(rows[0]) ? [rows[0].length] : [];
      const shape = [rows.length, ...columns];
      const data = rows.flat();
      if (
        data.length !== elementCount(shape) ||
        !data.every((value) => typeof value === "number")
      ) throw fail(`"${name}" doesn't hold rows of numbers`);
      return Promise.resolve({ data: Float64Array.from(data), shape });
    },
  };
}
