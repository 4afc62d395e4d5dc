import assert from "node:assert/strict";
import { strFromU8, unzipSync, zipSync } from "fflate";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { decodeNpy } from "../../src/formats/npy.ts";
import { openCheckpoint, openCheckpointIn } from "../../src/weights/open.ts";
import { writePacked } from "../../src/weights/pack.ts";
import {
  assertSameBits,
  checkpointOf,
  cosine,
  countingSource,
  expectedTensors,
  fileBytes,
  rezipped,
  type Tensors,
} from "./fixtures.ts";

for (const file of ["plain.npz", "plain_compressed.npz"]) {
  Deno.test(`${file}: a state dict that NumPy wrote`, async () => {
    const checkpoint = await openCheckpoint(fileBytes(file));
    const expected = await expectedTensors(file);
    assert.deepEqual([...checkpoint.tensors.keys()], [...expected.keys()]);
    for (const [name, { shape, data }] of expected) {
      assert.deepEqual(checkpoint.tensors.get(name)?.shape, shape);
      assertSameBits(await checkpoint.read(name), data, name);
    }
    assert.equal(
      checkpoint.tensors.get("bn1.num_batches_tracked")?.dtype,
      "int64",
    );
  });
}

/** A network's tensors, with channels of different magnitude, one of zeros and one subnormal. */
const filter = Float32Array.from(
  { length: 5 * 2 * 3 * 3 },
  (_, i) => Math.sin(i * 1.7) * 10 ** (Math.floor(i / 18) - 3),
);
filter.fill(0, 3 * 18, 4 * 18);
filter.fill(1.9e-43, 4 * 18, 5 * 18);
const tensors: Tensors = new Map([
  ["conv1.weight", { shape: [5, 2, 3, 3], data: filter }],
  ["bn1.running_var", {
    shape: [5],
    data: Float32Array.of(1e5, 1e-9, 1, 2, 3),
  }],
  ["bn1.num_batches_tracked", { shape: [], data: Float32Array.of(9) }],
  ["fc.weight", { shape: [2, 5], data: filter.slice(18, 28) }],
  ["fc.bias", { shape: [2], data: Float32Array.of(-1, 0.1) }],
]);
const given = checkpointOf(tensors);
const metadata = {
  arch: "resnet18",
  source: "a.pth",
  sourceSha256: "ab".repeat(32),
  license: "MIT",
  preset: imagenetPreset,
};

Deno.test("writePacked, float32: the same bits, names, order and metadata", async () => {
  const packed = await writePacked(given, { dtype: "float32", metadata });
  const checkpoint = await openCheckpoint(packed);
  assert.deepEqual([...checkpoint.tensors.keys()], [
    "conv1.weight",
    "bn1.running_var",
    "fc.weight",
    "fc.bias",
  ]);
  for (const [name, { shape, data }] of tensors) {
    if (name.endsWith("num_batches_tracked")) continue;
    assert.deepEqual(checkpoint.tensors.get(name), { shape, dtype: "float32" });
    assertSameBits(await checkpoint.read(name), data, name);
  }
  const { tensors: _, ...rest } = checkpoint.metadata as typeof metadata & {
    tensors: unknown;
  };
  assert.deepEqual(rest, { ...metadata, dtype: "float32" });
});

Deno.test("writePacked, float16: filters to 11 bits, vectors unchanged", async () => {
  const checkpoint = await openCheckpoint(
    await writePacked(given, { dtype: "float16" }),
  );
  assert.equal(checkpoint.tensors.get("conv1.weight")?.dtype, "float16");
  const read = await checkpoint.read("conv1.weight");
  read.forEach((value, i) => {
    const bound = Math.max(Math.abs(filter[i]) * 2 ** -11, 2 ** -25);
    assert.ok(Math.abs(value - filter[i]) <= bound, `${i}: ${value}`);
  });
  assertSameBits(
    await checkpoint.read("fc.bias"),
    tensors.get("fc.bias")!.data,
    "fc.bias",
  );
});

Deno.test("writePacked, int8: filters as integers with a scale for each channel, vectors unchanged", async () => {
  const checkpoint = await openCheckpoint(
    await writePacked(given, { dtype: "int8" }),
  );
  assert.equal(checkpoint.tensors.get("conv1.weight")?.dtype, "int8");
  assert.equal(checkpoint.tensors.get("bn1.running_var")?.dtype, "float32");
  const read = await checkpoint.read("conv1.weight");
  assert.deepEqual(read.subarray(3 * 18, 4 * 18), new Float32Array(18));
  for (const channel of [0, 1, 2]) {
    const of = (values: Float32Array) =>
      values.subarray(channel * 18, (channel + 1) * 18);
    assert.ok(cosine(of(read), of(filter)) > 0.99, `${channel}`);
  }
  assertSameBits(
    await checkpoint.read("bn1.running_var"),
    tensors.get("bn1.running_var")!.data,
    "bn1.running_var",
  );
});

Deno.test("writePacked: the entries are .npy arrays, after the metadata; scales follow their values", async () => {
  const files = unzipSync(await writePacked(given, { dtype: "int8" }));
  assert.deepEqual(Object.keys(files), [
    "metadata.json",
    "conv1.weight.npy",
    "conv1.weight.scale.npy",
    "bn1.running_var.npy",
    "fc.weight.npy",
    "fc.weight.scale.npy",
    "fc.bias.npy",
  ]);
  assert.deepEqual(JSON.parse(strFromU8(files["metadata.json"])).tensors, {
    "conv1.weight": { dtype: "int8", shape: [5, 2, 3, 3] },
    "bn1.running_var": { dtype: "float32", shape: [5] },
    "fc.weight": { dtype: "int8", shape: [2, 5] },
    "fc.bias": { dtype: "float32", shape: [2] },
  });
  const array = (name: string) => decodeNpy(files[name].slice(), name);
  assert.equal(array("conv1.weight.npy").dtype, "int8");
  assert.deepEqual(array("conv1.weight.scale.npy").shape, [5]);
});

Deno.test("writePacked writes a checkpoint, with the same bytes each time", async () => {
  const write = async () =>
    await writePacked(await openCheckpoint(fileBytes("state_dict.pth")), {
      dtype: "int8",
    });
  const packed = await write();
  assert.deepEqual(await write(), packed);
  const checkpoint = await openCheckpoint(packed);
  assert.deepEqual(checkpoint.tensors.get("fc.weight")?.shape, [5, 4]);
});

Deno.test("writePacked writes the given tensors in the given order", async () => {
  const names = ["fc.bias", "conv1.weight"];
  const packed = await writePacked(given, { dtype: "float32", names });
  const checkpoint = await openCheckpoint(packed);
  assert.deepEqual([...checkpoint.tensors.keys()], names);
  assert.deepEqual(Object.keys(unzipSync(packed)), [
    "metadata.json",
    "fc.bias.npy",
    "conv1.weight.npy",
  ]);
});

Deno.test("writePacked rejects values that the type can't hold, and names that collide", async () => {
  const of = (value: number, name = "conv1.weight") =>
    [name, { shape: [1, 2], data: Float32Array.of(1, value) }] as const;
  const cases: [
    ReturnType<typeof of>[],
    "float16" | "int8",
    string,
  ][] = [
    [
      [of(NaN)],
      "int8",
      'cannot pack "conv1.weight" as int8: it holds NaN; use float32',
    ],
    [
      [of(-Infinity)],
      "int8",
      'cannot pack "conv1.weight" as int8: it holds -Infinity; use float32',
    ],
    [
      [of(-65536)],
      "float16",
      'cannot pack "conv1.weight" as float16: it holds -65536; use float32',
    ],
    [
      [of(1), of(1, "conv1.weight.scale")],
      "int8",
      'cannot pack two entries named "conv1.weight.scale.npy"',
    ],
  ];
  for (const [given, dtype, message] of cases) {
    const checkpoint = checkpointOf(new Map(given));
    await assert.rejects(writePacked(checkpoint, { dtype }), {
      name: "RangeError",
      message,
    });
  }
  const kept = await openCheckpoint(
    await writePacked(checkpointOf(new Map([of(NaN)])), { dtype: "float32" }),
  );
  assert.ok(Number.isNaN((await kept.read("conv1.weight"))[1]));
});

Deno.test("openPacked tells its source which ranges it will read", async () => {
  const bytes = await writePacked(given, { dtype: "int8" });
  const source = await countingSource(bytes);
  const expected: { offset: number; length: number }[] = [];
  const checkpoint = await openCheckpointIn({
    ...source,
    expect: (ranges) => expected.push(...ranges),
  });
  checkpoint.expect!(["conv1.weight", "fc.bias"]);
  assert.equal(expected.length, 3); // The scales are an entry of their own.
  source.reads.length = 0;
  await checkpoint.read("conv1.weight");
  await checkpoint.read("fc.bias");
  assert.ok(source.reads.length > 0);
  for (const { offset, length } of source.reads) {
    assert.ok(
      expected.some((range) =>
        range.offset <= offset &&
        offset + length <= range.offset + range.length
      ),
      `${offset}, ${length}`,
    );
  }
});

Deno.test("packed weights whose metadata and arrays disagree are rejected", async () => {
  const packed = await writePacked(given, { dtype: "int8", metadata });
  const json = JSON.parse(strFromU8(unzipSync(packed)["metadata.json"]));
  const cases: [metadata: string, message: RegExp][] = [
    ["{", /^cannot read "bytes: metadata\.json": invalid JSON at character 1$/],
    ["[]", /expected a JSON object$/],
    ["{}", /"tensors": expected an object$/],
    [JSON.stringify({ ...json, arch: 5 }), /"arch": expected a string$/],
    [
      JSON.stringify({ ...json, preset: { resizeSize: -1 } }),
      /"preset": expected a transform, got \{"resizeSize":-1\}$/,
    ],
    [
      JSON.stringify({
        ...json,
        tensors: { a: { dtype: "int8", shape: [-1] } },
      }),
      /tensor "a": expected dtype and shape$/,
    ],
    [
      JSON.stringify({
        ...json,
        tensors: { a: { dtype: "int8", shape: [1] } },
      }),
      /^cannot read "bytes": it has no entry "a\.npy"$/,
    ],
    [
      " ".repeat(2 ** 20 + 1),
      /metadata\.json: expected at most 1048576 bytes, got 1048577$/,
    ],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(
      async () =>
        await openCheckpoint(await rezipped(packed, { "metadata.json": text })),
      { name: "SyntaxError", message },
      text.slice(0, 50),
    );
  }
  await assert.rejects(
    async () =>
      await openCheckpoint(
        await rezipped(packed, { "fc.weight.scale.npy": null }),
      ),
    {
      name: "SyntaxError",
      message: 'cannot read "bytes": it has no entry "fc.weight.scale.npy"',
    },
  );
  const lied = structuredClone(json);
  lied.tensors["fc.weight"].shape = [5, 2];
  const checkpoint = await openCheckpoint(
    await rezipped(packed, { "metadata.json": JSON.stringify(lied) }),
  );
  await assert.rejects(checkpoint.read("fc.weight"), {
    name: "SyntaxError",
    message:
      'cannot read "bytes": entry "fc.weight.npy": expected int8 [5, 2], got int8 [2, 5]',
  });
});

Deno.test("an archive with an invalid .npy is rejected at once", async () => {
  const bytes = zipSync({ "a.npy": new Uint8Array(1000) });
  await assert.rejects(openCheckpoint(bytes), {
    name: "SyntaxError",
    message:
      /^cannot read "bytes: a.npy": it doesn't start with the .npy signature$/,
  });
});
