import assert from "node:assert/strict";
import { openCheckpoint, openCheckpointIn } from "../../src/weights/open.ts";
import {
  assertTensors,
  countingSource,
  expectedTensors,
  fileBytes,
  folder,
  type Tensors,
} from "./fixtures.ts";

const files = [
  ["dtypes.safetensors", "dtypes.pth"],
  ["state_dict.safetensors", "wrapped_model_state_dict.pth"],
];

for (const [file, sameAs] of files) {
  Deno.test(`${file}: the tensors that PyTorch sees, bit for bit`, async () => {
    const checkpoint = await openCheckpoint(`${folder}/${file}`);
    const expected = await expectedTensors(sameAs);
    // The file has its own order.
    const ordered: Tensors = new Map(
      [...checkpoint.tensors.keys()].map((name) => [name, expected.get(name)!]),
    );
    assert.equal(ordered.size, expected.size);
    await assertTensors(checkpoint, ordered);
    checkpoint.close();
  });
}

Deno.test("dtypes.safetensors: the stored types, under PyTorch's names", async () => {
  const checkpoint = await openCheckpoint(fileBytes("dtypes.safetensors"));
  for (const [name, { dtype }] of checkpoint.tensors) assert.equal(dtype, name);
  assert.equal(checkpoint.tensors.size, 10);
});

Deno.test("a tensor is one read, the range that expect names", async () => {
  const source = await countingSource(fileBytes("state_dict.safetensors"));
  let expected: readonly { offset: number; length: number }[] = [];
  source.expect = (ranges) => expected = ranges;
  const checkpoint = await openCheckpointIn(source);
  const names = ["conv1.weight", "fc.bias"];
  checkpoint.expect?.(names);
  source.reads.length = 0;
  for (const name of names) await checkpoint.read(name);
  assert.deepEqual(source.reads, expected);
  assert.deepEqual(expected.map(({ length }) => length), [4 * 27 * 4, 5 * 4]);
});

/** A file with that header, and zeros as data. */
function fileOf(header: unknown, dataLength: number) {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + dataLength);
  bytes[0] = json.length;
  bytes[1] = json.length >> 8;
  bytes.set(json, 8);
  return bytes;
}

const tensor = (
  shape: unknown,
  begin: unknown,
  end: unknown,
  dtype: unknown = "F32",
) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

Deno.test("headers that the reference accepts", async () => {
  const cases: [header: unknown, length: number, names: string[]][] = [
    [{ a: tensor([2], 0, 8) }, 8, ["a"]],
    [{ b: tensor([1], 8, 12), a: tensor([2], 0, 8) }, 12, ["a", "b"]],
    [{ a: tensor([0, 9], 0, 0), b: tensor([], 0, 4) }, 4, ["a", "b"]],
    [{ __metadata__: { format: "pt" }, a: tensor([2], 0, 8) }, 8, ["a"]],
    ['{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   ', 1, ["a"]],
  ];
  for (const [header, length, names] of cases) {
    const checkpoint = await openCheckpoint(fileOf(header, length));
    assert.deepEqual([...checkpoint.tensors.keys()], names);
  }
});

Deno.test("an unusual type is an error only when it is read", async () => {
  for (const dtype of ["F8_E4M3", "U64", "C64", "F4", "toString"]) {
    const checkpoint = await openCheckpoint(
      fileOf({ a: tensor([8], 0, 8, dtype), b: tensor([2], 8, 16) }, 16),
    );
    assert.equal((await checkpoint.read("b")).length, 2);
    await assert.rejects(checkpoint.read("a"), {
      name: "SyntaxError",
      message:
        `cannot read "bytes": "a" can't be read: it is ${dtype}; convert it to F32`,
    });
  }
});

Deno.test("invalid headers, and the messages for them", async () => {
  const huge = Number.MAX_SAFE_INTEGER;
  const cases: [header: unknown, length: number, why: string][] = [
    [{ a: tensor([2], 0, 8) }, 7, "expected 8 bytes of tensors, got 7"],
    [{ a: tensor([2], 0, 8) }, 9, "expected 8 bytes of tensors, got 9"],
    [{ a: tensor([2], 1, 9) }, 9, '"a": expected data at byte 0, got 1'],
    [
      { a: tensor([2], 0, 8), b: tensor([2], 4, 12) },
      12,
      '"b": expected data at byte 8, got 4',
    ],
    [
      { a: tensor([2], 0, 8), b: tensor([1], 12, 16) },
      16,
      '"b": expected data at byte 8, got 12',
    ],
    [
      { a: tensor([3], 0, 8) },
      8,
      '"a": expected 12 bytes of float32 [3], got 8',
    ],
    [
      { a: tensor([huge, huge], 0, 8) },
      8,
      `"a": expected ${
        4 * huge ** 2
      } bytes of float32 [${huge}, ${huge}], got 8`,
    ],
    ...[
      tensor([2], 8, 0),
      tensor([-2], 0, 8),
      tensor([2], -8, 0),
      tensor([2 ** 53], 0, 8),
      tensor([0.5], 0, 2),
      tensor("2", 0, 8),
      { dtype: "F32", shape: [2] },
      null,
    ].map((a): [unknown, number, string] => [
      { a },
      8,
      '"a": expected dtype, shape and data_offsets',
    ]),
    [{ a: tensor([2], 0, 8, 7) }, 8, '"a": dtype: expected a string, got 7'],
    [{}, 0, "it has no tensors"],
    ['{"a":', 0, "invalid JSON"],
    ['{"\xff', 0, "invalid JSON"],
  ];
  for (const [header, length, why] of cases) {
    await assert.rejects(openCheckpoint(fileOf(header, length)), (error) => {
      assert.ok(error instanceof SyntaxError, String(error));
      assert.ok(
        error.message.startsWith(`cannot read "bytes": ${why}`),
        error.message,
      );
      return true;
    });
  }
  const long = fileOf({ a: tensor([2], 0, 8) }, 8);
  long[1] = 0xff;
  await assert.rejects(openCheckpoint(long), {
    name: "SyntaxError",
    message:
      /^cannot read "bytes": header: expected at most \d\d bytes, got 65\d\d\d$/,
  });
});
