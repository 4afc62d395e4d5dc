// stock: no, it tests files, not the kernels
/** Checkpoints as people have them: each gives its right value, or is refused in words that help. */

import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import {
  createModel,
  fromNCHW,
  type ModelOptions,
  startBackend,
  toNCHW,
} from "../../mod.ts";
import { archRow } from "../../src/arch/lookup.ts";
import { type ArchRow, withoutClasses } from "../../src/arch/table.ts";
import { chooseNetwork } from "../../src/weights/choose_network.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { compareDigest, digestLength } from "../support/digest.ts";
import { direct } from "../support/direct_weights.ts";
import { uniform } from "../support/uniform.ts";

/** How a file is opened, and what is right. */
interface Try {
  readonly arch: string | null;
  readonly outputLayer: string;
  readonly options?: ModelOptions;
  readonly golden?: string | null;
  /** The prefix of the network that is taken. */
  readonly took?: string;
  /** Words of the notes. */
  readonly notes?: readonly string[];
  /** Words of the error. */
  readonly error?: readonly string[];
  /** The error's length. */
  readonly longest?: number;
}

interface Case {
  readonly file: string;
  readonly kind: string;
  readonly what: string;
  readonly tries: readonly Try[];
}

const folder = new URL("../data/cases/", import.meta.url);
const { rows, goldens, files } = JSON.parse(
  await Deno.readTextFile(new URL("cases.json", folder)),
) as {
  rows: Record<string, ArchRow>;
  goldens: Record<string, { shape: number[]; digest: number[] }>;
  files: Case[];
};
await startBackend();
const input = tf.tidy(() =>
  fromNCHW(tf.tensor(uniform("input", 3 * 32 * 32), [1, 3, 32, 32]))
);

/** Shards are files beside one another; they have a test of their own. */
const kinds = new Set(files.map(({ kind }) => kind));
kinds.delete("shards");

for (const kind of kinds) {
  Deno.test(`cases: ${kind}`, async () => {
    const failures: string[] = [];
    for (const one of files.filter((file) => file.kind === kind)) {
      const packed = await Deno.readFile(new URL(`${one.file}.gz`, folder));
      const bytes = new Uint8Array(gunzipSync(packed));
      for (const trial of one.tries) {
        const problem = await problemOf(bytes, trial);
        if (problem) {
          failures.push(`${one.file} (${one.what}): ${problem}`);
        }
      }
    }
    assert.deepEqual(failures, []);
  });
}

/** What is wrong with the answer to a try, if anything. */
async function problemOf(
  bytes: Uint8Array<ArrayBuffer>,
  trial: Try,
): Promise<string | undefined> {
  const { arch, outputLayer, options, golden, notes = [], took } = trial;
  const row = rowOf(arch);
  const warned: string[] = [];
  try {
    const checkpoint = await openCheckpoint(bytes);
    const chosen = chooseNetwork(checkpoint, {
      arch: row && { ...row, ...options },
      outputLayer,
      ...options,
    });
    if (took !== undefined && chosen.prefix !== took) {
      return `took "${chosen.prefix}", not "${took}"`;
    }
    const lacks = notes.filter((word) => !chosen.notes.join().includes(word));
    if (golden === null) {
      return lacks.includes("NaN") || lacks.length === 0
        ? undefined
        : `no ${lacks} in the notes: ${chosen.notes}`;
    }
    using model = await createModel(row ?? chosen.row, outputLayer, bytes, {
      ...direct,
      ...options,
      warn: (message) => warned.push(message),
    });
    if (golden === undefined) return `expected an error: ${trial.error}`;
    const lacking = notes.filter((word) => !warned.join().includes(word));
    if (lacking.length > 0) {
      return `no ${lacking} in the notes: ${warned.join()}`;
    }
    const { shape, digest } = goldens[golden];
    const output = model.forward(input);
    const nchw = output.rank === 4 ? toNCHW(output) : output;
    assert.deepEqual(nchw.shape, shape);
    assert.equal(digest.length, digestLength(shape));
    // Some networks are flat: all their values are rounded in the same direction, and so are sums.
    compareDigest(golden, await nchw.data<"float32">(), shape, digest, 1e-4);
    tf.dispose([output, nchw]);
    return undefined;
  } catch (error) {
    const { name, message } = error as Error;
    if (trial.error === undefined) return `${name}: ${message}`;
    if (!["SyntaxError", "TypeError", "RangeError"].includes(name)) {
      return `${name}: ${message}`;
    }
    const lacks = trial.error.filter((word) => !message.includes(word));
    if (lacks.length > 0) return `no "${lacks}" in ${message}`;
    const { longest = 600 } = trial;
    return message.length > longest
      ? `${message.length} characters: ${message}`
      : undefined;
  }
}

function rowOf(arch: string | null): ArchRow | undefined {
  if (arch === null) return undefined;
  return rows[arch] ?? withoutClasses(archRow(arch));
}
