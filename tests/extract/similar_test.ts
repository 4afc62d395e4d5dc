// stock: no, it tests files, not the kernels
/** similar and readVectors. */

import assert from "node:assert/strict";
import {
  featureTable,
  npyStream,
  npzStream,
  parquetStream,
  readVectors,
  safetensorsStream,
  similar,
  type VectorRow,
} from "../../src/extract/mod.ts";
import { encodeNpy } from "../../src/formats/npy.ts";
import { createZip } from "../../src/formats/create_zip.ts";
import { uniform } from "../support/uniform.ts";

const count = 600;
const length = 1000; // More than a block, and more than a row group.
const rows: VectorRow[] = Array.from({ length: count }, (_, i) => ({
  path: `${i}.png`,
  vector: i % 100 === 7 ? null : uniform(`${i}`, length),
}));
const table = featureTable(
  rows.map(({ path, vector }) =>
    vector
      ? {
        path,
        values: { fc: { data: vector as Float32Array, shape: [length] } },
      }
      : { path, error: new Error("damaged") }
  ),
);
const bytesOf = async (stream: ReadableStream<Uint8Array>) =>
  await new Response(stream).bytes();

Deno.test("similar: the largest cosines, the first of equals", async () => {
  const vectors = [[1, 0], [3, 3], [0, 0], [-2, 0], [5, 5], [0, 1]];
  const list = vectors.map((vector, i) => ({ path: `${i}`, vector }));
  const [right, none] = await similar([[2, 0], [0, 0]], list, { top: 6 });
  assert.deepEqual(right.map(({ path }) => path), [
    "0",
    "1",
    "4",
    "2",
    "5",
    "3",
  ]);
  const want = [1, Math.SQRT1_2, Math.SQRT1_2, 0, 0, -1];
  right.forEach(({ score }, i) => assert(Math.abs(score - want[i]) < 1e-12));
  assert.deepEqual(
    none.map(({ path, score }) => [path, score]),
    [
      ..."012345",
    ].map((path) => [path, 0]),
  );
  assert.deepEqual(
    (await similar([[2, 0]], list, { top: 2 }))[0],
    right.slice(0, 2),
  );
  assert.equal((await similar([[2, 0]], [...list, ...list]))[0].length, 10);
});

Deno.test("similar: against all cosines, with rows without a vector", async () => {
  const query = uniform("query", length);
  const cosine = (v: Float32Array) => {
    const dot = v.reduce((sum, x, i) => sum + x * query[i], 0);
    return dot / Math.hypot(...v) / Math.hypot(...query);
  };
  const want = rows.filter(({ vector }) => vector)
    .map(({ path, vector }) => ({
      path,
      score: cosine(vector as Float32Array),
    }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 20);
  assert(want[0].score > 0.05 && want[0].score > want[19].score);
  const nan = { path: "nan", vector: new Float32Array(length).fill(NaN) };
  const [got] = await similar([query], [nan, ...rows], { top: 20 });
  assert.deepEqual(got.map(({ path }) => path), want.map(({ path }) => path));
  got.forEach(({ score }, i) =>
    assert(Math.abs(score - want[i].score) < 1e-6, `${score}`)
  );
});

Deno.test("similar: errors", async () => {
  await assert.rejects(similar([[1]], [], { top: 0 }), {
    name: "RangeError",
    message: "top: expected an integer of at least 1, got 0",
  });
  await assert.rejects(similar([[1]], [{ path: "a", vector: [1, 2] }]), {
    name: "TypeError",
    message: 'cannot compare "a": it has 2 values, but the query has 1',
  });
});

Deno.test("readVectors: every row of every format", async () => {
  const nameless = [npyStream, safetensorsStream];
  for (const stream of [parquetStream, npzStream, ...nameless]) {
    const bytes = await bytesOf(stream(table));
    const read = await Array.fromAsync(readVectors(bytes));
    assert.equal(read.length, count);
    for (const [i, { path, vector }] of read.entries()) {
      assert.equal(
        path,
        nameless.includes(stream) ? `bytes[${i}]` : rows[i].path,
      );
      const want = rows[i].vector ?? new Float32Array(length).fill(NaN);
      if (stream === parquetStream && !rows[i].vector) {
        assert.equal(vector, null);
      } else assert.deepEqual(Float32Array.from(vector!), want);
    }
  }
});

Deno.test("readVectors: NumPy's files", async () => {
  const zip = async (entries: Record<string, Uint8Array<ArrayBuffer>>) => {
    const { readable, writable } = new TransformStream();
    const bytes = new Response(readable).bytes();
    const archive = await createZip(writable);
    for (const [name, content] of Object.entries(entries)) {
      await archive.add(name, content);
    }
    await archive.close();
    return await bytes;
  };
  const doubles = encodeNpy(new Float64Array([1, 2, 3, 4]), [2, 1, 2]);
  const [a, b] = await Array.fromAsync(
    readVectors(await zip({ "a.npy": doubles, "b.npy": doubles }), "b"),
  );
  assert.deepEqual([a.path, b.path], ["bytes[0]", "bytes[1]"]);
  assert.deepEqual([...b.vector as Float32Array], [3, 4]);

  const read = (bytes: Uint8Array, node?: string) =>
    Array.fromAsync(readVectors(bytes, node));
  await assert.rejects(read(encodeNpy(new Float32Array(3), [3])), {
    name: "TypeError",
    message: "bytes: expected an array [N, …] in C order, got float32 [3]",
  });
  const npz = await zip({ "a.npy": doubles, "path.npy": doubles });
  await assert.rejects(read(npz), {
    name: "SyntaxError",
    message: 'cannot read "bytes": its array "path" doesn\'t hold strings',
  });
  await assert.rejects(read(npz, "b"), {
    name: "RangeError",
    message: '"bytes" has no node "b"; it has "a"',
  });
});

Deno.test("readVectors: damaged files", async () => {
  const read = (bytes: Uint8Array) => Array.fromAsync(readVectors(bytes));
  const parquet = await bytesOf(parquetStream(table));
  await assert.rejects(read(parquet.slice(0, 5000)), {
    name: "SyntaxError",
    message: /^cannot read "bytes": damaged Parquet: /,
  });
  const npy = await bytesOf(npyStream(table));
  await assert.rejects(read(npy.slice(0, -5)), { name: "SyntaxError" });
  const npz = await bytesOf(npzStream(table));
  await assert.rejects(read(npz.slice(0, -50)), { name: "SyntaxError" });
  const tensors = await bytesOf(safetensorsStream(table));
  await assert.rejects(read(tensors.slice(0, -5)), {
    name: "SyntaxError",
    message: 'cannot read "bytes": it is cut short',
  });
  await assert.rejects(read(new Uint8Array()), {
    name: "SyntaxError",
    message:
      'cannot read features from "bytes": expected a .parquet, .npz, .npy or .safetensors file',
  });
});
