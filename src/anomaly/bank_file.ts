/**
 * A bank as a file: an `.npz` that `numpy.load` opens.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { asIs, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { originTests, type ReadingOrigin } from "../extract/vector_file.ts";
import { createZip } from "../formats/create_zip.ts";
import type { Json } from "../formats/json.ts";
import { encodeNpy } from "../formats/npy.ts";
import { encodeNpyText } from "../formats/npy_text.ts";
import { openNpz } from "../formats/npz.ts";
import { type FileSource, openByteSource } from "../runtime/open_source.ts";

/** How a bank was made. */
export interface BankOrigin extends ReadingOrigin {
  /** The network. */
  readonly arch: string;
  /** The name of its weights, if they aren't the default. */
  readonly weights?: string;
  /** The layers whose features the patches hold, in this order. */
  readonly layers: readonly string[];
  /** By layer: `ResNet.fingerprint`. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** How pictures became inputs. */
  readonly preset: Preset;
  /** The share of the patches that is kept. */
  readonly coreset: number;
  /** Of the random projection. */
  readonly seed: number;
  /** How many patches near the nearest one weigh a score. */
  readonly neighbors: number;
  /** The number of good pictures in the bank. */
  readonly pictures: number;
}

/** What good pictures that aren't in the bank score. */
export interface HeldOut {
  /** Their scores. */
  readonly scores: Float64Array<ArrayBuffer>;
  /** The largest values of their maps. */
  readonly maxima: Float64Array<ArrayBuffer>;
}

/** What the file holds. */
export interface BankContent {
  readonly origin: BankOrigin;
  /** `[n, channels]`, row by row. */
  readonly rows: Float32Array<ArrayBuffer>;
  readonly channels: number;
  readonly heldOut: HeldOut;
}

/** Arrays of a bank besides `about`, by name. */
const names = {
  rows: "patches",
  scores: "held_out_scores",
  maxima: "held_out_maxima",
} as const;

/** The bytes of the file. */
export function bankStream(
  { origin, rows, channels, heldOut }: BankContent,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array>();
  const write = async () => {
    const zip = await createZip(writable);
    const add = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
      zip.add(`${name}.npy`, bytes);
    await add(names.rows, encodeNpy(rows, [rows.length / channels, channels]));
    for (const key of ["scores", "maxima"] as const) {
      const values = heldOut[key];
      await add(names[key], encodeNpy(values, [values.length]));
    }
    await add("about", encodeNpyText(JSON.stringify(origin)));
    await zip.close();
  };
  write().catch((error) => writable.abort(error));
  return readable;
}

/**
 * Reads such a file.
 *
 * @throws {SyntaxError} If it isn't one, or is damaged.
 * @throws {Error} If it can't be opened.
 */
export async function readBank(source: FileSource): Promise<BankContent> {
  const opened = await openByteSource(source);
  try {
    const npz = await openNpz(opened), { name } = opened;
    if (!npz.names.includes(names.rows)) {
      throw failReading(name)(
        "it isn't a bank: it has no array patches; fitPatchCore makes one",
      );
    }
    const origin = originOf(npz.about, name);
    const { data, shape } = await npz.read(names.rows);
    const scores = await npz.read(names.scores);
    const maxima = await npz.read(names.maxima);
    const isBank = data instanceof Float32Array && shape.length === 2 &&
      data.length > 0 && data.every(Number.isFinite);
    const heldOut = [scores, maxima].map(({ data }) => data);
    const [a, b] = heldOut;
    const isCalm = a instanceof Float64Array && b instanceof Float64Array &&
      a.length === b.length && [...a, ...b].every(Number.isFinite);
    if (!isBank || !isCalm) {
      throw failReading(name)(expected(
        "",
        "finite patches, float32 [n, channels], and as many scores as maxima",
        asIs(`patches [${shape}], ${a.length} and ${b.length}`),
      ));
    }
    const [, channels] = shape;
    return {
      ...{ origin, rows: data, channels },
      heldOut: { scores: a, maxima: b },
    };
  } finally {
    opened.close();
  }
}

const isCount = (item: unknown) => Number.isInteger(item) && Number(item) > 0;

/** Whether a value is one, by its key. */
const tests: Readonly<Record<string, (item: unknown) => boolean>> = {
  ...originTests,
  layers: (item) =>
    Array.isArray(item) && item.every((layer) => typeof layer === "string"),
  coreset: (item) => Number(item) > 0 && Number(item) <= 1,
  seed: Number.isInteger,
  neighbors: isCount,
  pictures: isCount,
};

const required = [
  ...["arch", "layers", "fingerprints", "preset"],
  ...["coreset", "seed", "neighbors", "pictures"],
];

/** @throws {SyntaxError} If a value is missing or of another type. */
function originOf(value: Json, file: string): BankOrigin {
  for (const [key, test] of Object.entries(tests)) {
    if (value[key] === undefined && !required.includes(key)) continue;
    if (test(value[key])) continue;
    throw failReading(file)(`its "about" has no valid "${key}"`);
  }
  return value as unknown as BankOrigin;
}
