// stock: no, it tests files, not the kernels
/** Files of features, read back value by value. */

import assert from "node:assert/strict";
import {
  type FeatureTable,
  featureTable,
  type FileFeatures,
  jsonlStream,
  npyStream,
  npzStream,
  parquetStream,
  safetensorsStream,
} from "../../src/extract/mod.ts";
import { decodeFloat16, encodeFloat16 } from "../../src/formats/float16.ts";
import { decodeNpy } from "../../src/formats/npy.ts";
import { readNpz, readParquet, readSafetensors } from "../extract/support.ts";

/** Paths of different lengths, one with a character beyond 16 bits, and a failed picture. */
const paths = ["a.png", "käse/b.png", "damaged.png", "🐈.jpg", "e.png"];

const values = (picture: number, shape: number[]) => ({
  data: new Float32Array(shape.reduce((a, b) => a * b)).map((_, i) =>
    Math.fround((picture + 1) * (i % 2 ? 1.1 : -0.3) + i)
  ),
  shape,
});

const features: FileFeatures[] = paths.map((path, i) =>
  path === "damaged.png" ? { path, error: new Error("it is damaged") } : {
    path,
    values: { "layer1.0.relu_1": values(i, [2, 3, 5]), fc: values(-i, [7]) },
  }
);
const table = featureTable(features);
const one = featureTable(
  features.map(({ path, values, error }) => ({
    path,
    values: values && { fc: values.fc },
    error,
  })),
);

/** The same in float16. */
const half: FeatureTable = {
  ...table,
  columns: table.columns.map((column) => ({
    ...column,
    dtype: "float16",
    async read(from, to) {
      const bytes = await column.read(from, to);
      return new Uint8Array(
        encodeFloat16(new Float32Array(bytes.buffer)).buffer,
      );
    },
  })),
};

const read = async (stream: ReadableStream<Uint8Array>) =>
  await new Response(stream).bytes() as Uint8Array<ArrayBuffer>;

/** The expected values of a node, picture after picture. */
const wanted = (node: string, missing: number | null = NaN) =>
  features.flatMap(({ values }) =>
    values
      ? [...values[node].data]
      : Array(features[0].values![node].data.length).fill(missing)
  );

const rounded = (numbers: number[]) => [
  ...decodeFloat16(encodeFloat16(Float32Array.from(numbers))),
];

Deno.test(".npz: arrays by node, stacked, and the paths", async () => {
  const { arrays, paths: written } = readNpz(await read(npzStream(table)));
  assert.deepEqual(written, paths);
  assert.deepEqual([...arrays.keys()], ["layer1.0.relu_1", "fc"]);
  const { dtype, shape, data } = arrays.get("layer1.0.relu_1")!;
  assert.equal(dtype, "float32");
  assert.deepEqual(shape, [5, 2, 3, 5]);
  assert.deepEqual([...data], wanted("layer1.0.relu_1"));
  assert.deepEqual(arrays.get("fc")!.shape, [5, 7]);
  assert.deepEqual([...arrays.get("fc")!.data], wanted("fc"));
  assert.deepEqual(
    await read(npzStream(table)),
    await read(npzStream(table)),
    "the same bytes each time",
  );

  const { dtype: type, data: halves } = readNpz(await read(npzStream(half)))
    .arrays.get("fc")!;
  assert.equal(type, "float16");
  assert.deepEqual([...halves], rounded(wanted("fc")));
});

Deno.test(".npz: an error of the table becomes the stream's", async () => {
  const failure = new RangeError("the disk is gone");
  const [column] = table.columns;
  const failing = {
    ...table,
    columns: [{ ...column, read: () => Promise.reject(failure) }],
  };
  await assert.rejects(read(npzStream(failing)), failure);
  await assert.rejects(read(npyStream(failing)), failure);
});

Deno.test(".npy: one node", async () => {
  const { dtype, shape, data } = decodeNpy(await read(npyStream(one)), "npy");
  assert.deepEqual([dtype, shape], ["float32", [5, 7]]);
  assert.deepEqual([...data as Float32Array], wanted("fc"));
  assert.throws(() => npyStream(table), {
    name: "RangeError",
    message: "expected one node, got 2; use npzStream",
  });
});

Deno.test(".safetensors: tensors by node, aligned", async () => {
  for (const [source, dtype] of [[table, "F32"], [half, "F16"]] as const) {
    const bytes = await read(safetensorsStream(source));
    assert.equal(
      Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8,
      0,
    );
    const tensors = readSafetensors(bytes);
    assert.deepEqual([...tensors.keys()], ["layer1.0.relu_1", "fc"]);
    assert.deepEqual(
      [...tensors.values()].map(({ dtype, shape }) => [dtype, shape]),
      [[dtype, [5, 2, 3, 5]], [dtype, [5, 7]]],
    );
    for (const [node, { bytes: { buffer } }] of tensors) {
      if (dtype === "F32") {
        assert.deepEqual([...new Float32Array(buffer)], wanted(node));
      } else {
        assert.deepEqual(
          [...decodeFloat16(new Uint16Array(buffer))],
          rounded(wanted(node)),
        );
      }
    }
  }
});

Deno.test(".parquet: lists of floats, null for a failed picture", async () => {
  for (const [source, round] of [[table, null], [half, rounded]] as const) {
    const rows = await readParquet(await read(parquetStream(source)));
    assert.deepEqual(rows.map(({ path }) => path), paths);
    for (const [i, { values }] of features.entries()) {
      for (const node of ["layer1.0.relu_1", "fc"]) {
        const want = values ? [...values[node].data] : null;
        assert.deepEqual(rows[i][node] ?? null, want && round?.(want) || want);
      }
    }
  }
});

Deno.test(".parquet: metadata for Arrow and this package", async () => {
  const { parquetMetadata } = await import("hyparquet");
  const bytes = await read(parquetStream(table, { arch: "resnet18" }));
  const { key_value_metadata } = parquetMetadata(bytes.buffer);
  const entries = new Map(
    key_value_metadata!.map(({ key, value }) => [key, value]),
  );
  assert.deepEqual(JSON.parse(entries.get("layertap")!), {
    shapes: { "layer1.0.relu_1": [2, 3, 5], fc: [7] },
    arch: "resnet18",
  });
  // PyArrow and Polars read these bytes as lists of 30 and 7 floats.
  assert.equal(
    entries.get("ARROW:schema"),
    "/////1gBAAAQAAAAAAAKAAwACgAJAAQACgAAABAAAAAAAQQACAAIAAAABAAIAAAABAAAAAMAAAD4AAAAcAAAAAQAAACo////EAAAABwAAAAAABABDAAAAAEAAAAUAAAAAgAAAGZjAACK////BwAAAFD///8QAAAAHAAAAAAAAAMIAAAAAAAAAAcAAABlbGVtZW50AIL///8AAAEAEAAUABAADwAOAAgAAAAEABAAAAAQAAAAMAAAAAAAEAEMAAAAAQAAACgAAAAPAAAAbGF5ZXIxLjAucmVsdV8xAAAABgAIAAQABgAAAB4AAADM////EAAAACQAAAAAAAADCAAAAAAAAAAHAAAAZWxlbWVudAAAAAYACAAGAAYAAAAAAAEAEAAUABAAAAAPAAgAAAAEABAAAAAQAAAAIAAAAAAAAAUIAAAAAAAAAAQAAABwYXRoAAAAAAQABAAEAAAAAAAAAA==",
  );
});

Deno.test(".parquet: several row groups", async () => {
  const count = 300; // Of 1000 values each: 32 rows a group.
  const many = featureTable(
    Array.from({ length: count }, (_, i) => ({
      path: `${i}.png`,
      values: {
        layer4: { data: new Float32Array(1000).fill(i), shape: [1000] },
      },
    })),
  );
  const rows = await readParquet(await read(parquetStream(many)));
  assert.equal(rows.length, count);
  rows.forEach(({ path, layer4 }, i) => {
    assert.equal(path, `${i}.png`);
    assert.deepEqual(layer4, Array(1000).fill(i));
  });
});

Deno.test(".jsonl: a line for each picture", async () => {
  const lines = async (stream: ReadableStream<Uint8Array>) =>
    (await new Response(stream).text()).trimEnd().split("\n")
      .map((line) => JSON.parse(line));

  const plain = await lines(jsonlStream(table, { values: "plain" }));
  const [a, , damaged] = plain;
  assert.deepEqual(plain.map(({ path }) => path), paths);
  assert.deepEqual(damaged, {
    path: "damaged.png",
    error: "it is damaged",
    "layer1.0.relu_1": null,
    fc: null,
  });
  assert.equal(a["layer1.0.relu_1"].length, 2);
  assert.equal(a["layer1.0.relu_1"][1].length, 3);
  const numbers = (node: string) =>
    plain.filter(({ error }) => !error).flatMap((line) => line[node].flat(2));
  for (const node of ["layer1.0.relu_1", "fc"]) {
    const want = wanted(node, null).filter((v) => v !== null);
    assert.deepEqual(numbers(node).map(Math.fround), want);
  }
  assert.equal(a.fc[1], 2.0999999, "no more digits than float32 has");

  const encoded = await lines(jsonlStream(half));
  const { dtype, shape, base64 } = encoded[4].fc;
  assert.deepEqual([dtype, shape], ["float16", [7]]);
  const bits = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  assert.deepEqual(
    [...decodeFloat16(new Uint16Array(bits.buffer))],
    rounded([...features[4].values!.fc.data]),
  );
  assert.equal(encoded[2].fc, null);
});

Deno.test("featureTable: errors", () => {
  assert.throws(() => featureTable([features[2]]), {
    name: "RangeError",
    message: "features: expected at least one picture with values, got none",
  });
  const other = { path: "f.png", values: { fc: values(0, [8]) } };
  assert.throws(() => featureTable([features[0], other]), {
    name: "TypeError",
    message:
      'cannot stack "fc" of "f.png": expected [7] as in the pictures before, got [8]',
  });
});
