/** Shared by the tests of weights: their files, and sources made of bytes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ByteSource } from "../../src/runtime/byte_source.ts";
import { deflateRawSync } from "node:zlib";
import { createZip } from "../../src/formats/create_zip.ts";
import { openZip } from "../../src/formats/zip.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import { openCheckpoint } from "../../src/weights/open.ts";

export const folder = "tests/data/weights";

export function fileBytes(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(`${folder}/${name}`));
}

/** Tensors by name. */
export type Tensors = Map<
  string,
  { shape: readonly number[]; data: Float32Array }
>;

/** The tensors of a file as PyTorch sees them, in its order, from `expected.npz`. */
export async function expectedTensors(file: string): Promise<Tensors> {
  const all = await openCheckpoint(fileBytes("expected.npz"));
  const tensors = new Map();
  for (const [key, { shape }] of all.tensors) {
    if (!key.startsWith(`${file}:`)) continue;
    const name = key.slice(file.length + 1);
    tensors.set(name, { shape, data: await all.read(key) });
  }
  assert.notEqual(tensors.size, 0, `nothing expected of ${file}`);
  return tensors;
}

/** Equal bit for bit: the sign of zero and the payload of NaN count. */
export function assertSameBits(
  actual: Float32Array,
  expected: Float32Array,
  what: string,
): void {
  const bits = (a: Float32Array) => new Uint32Array(a.slice().buffer);
  assert.deepEqual(bits(actual), bits(expected), what);
}

/** Names, order, shapes and values of all tensors, bit for bit. */
export async function assertTensors(
  checkpoint: Checkpoint,
  expected: Tensors,
): Promise<void> {
  assert.deepEqual([...checkpoint.tensors.keys()], [...expected.keys()]);
  for (const [name, { shape, data }] of expected) {
    assert.deepEqual(checkpoint.tensors.get(name)?.shape, shape, name);
    assertSameBits(await checkpoint.read(name), data, name);
  }
}

/** A checkpoint in memory. */
export function checkpointOf(tensors: Tensors): Checkpoint {
  return {
    source: "tensors",
    tensors: new Map(
      [...tensors].map(([name, { shape }]) => [
        name,
        { shape, dtype: "float32" },
      ]),
    ),
    read: (name) => Promise.resolve(tensors.get(name)!.data.slice()),
    close() {},
  };
}

/** The cosine of the angle between two vectors. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let ab = 0, aa = 0, bb = 0;
  a.forEach((value, i) => {
    ab += value * b[i];
    aa += value * value;
    bb += b[i] * b[i];
  });
  return ab / Math.sqrt(aa * bb);
}

/** A source of bytes that records its reads. */
export async function countingSource(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ByteSource & { reads: { offset: number; length: number }[] }> {
  const source = await openByteSource(bytes);
  const reads: { offset: number; length: number }[] = [];
  return {
    ...source,
    name: "counted",
    reads,
    read(offset, length) {
      reads.push({ offset, length });
      return source.read(offset, length);
    },
  };
}

/** An archive of files. */
export async function zipOf(
  files: Iterable<
    readonly [string, Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>]
  >,
  deflate: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new TransformStream();
  const whole = new Response(readable).bytes();
  const zip = await createZip(writable);
  for (const [name, content] of files) {
    if (deflate && content instanceof Uint8Array) {
      const deflated = new Uint8Array(deflateRawSync(content));
      await zip.addDeflated(name, deflated, content);
    } else await zip.add(name, content);
  }
  await zip.close();
  return await whole;
}

/** The archive with some files changed: their new content, or null to remove one. */
export async function rezipped(
  bytes: Uint8Array<ArrayBuffer>,
  changes: Record<string, Uint8Array<ArrayBuffer> | string | null>,
  deflate = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const archive = await openZip(await openByteSource(bytes));
  const files: [string, Uint8Array<ArrayBuffer>][] = [];
  for (const name of archive.entries.keys()) {
    const change = changes[name];
    if (change === null) continue;
    files.push([
      name,
      typeof change === "string"
        ? new TextEncoder().encode(change)
        : change ?? await archive.read(name),
    ]);
  }
  return await zipOf(files, deflate);
}

/** Random integers from 0 up to `below`, from a seed (mulberry32). */
export function seededRandom(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}
