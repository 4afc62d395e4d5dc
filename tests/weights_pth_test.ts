import assert from "node:assert/strict";
import { openZip } from "../src/formats/zip.ts";
import { openByteSource } from "../src/formats/open_source.ts";
import { openCheckpoint, openCheckpointAt } from "../src/weights/open.ts";
import {
  assertSameBits,
  countingSource,
  expectedTensors,
  fileBytes,
  folder,
  rezipped,
} from "./weights_fixtures.ts";

const files = [
  "state_dict.pth",
  "dtypes.pth",
  "views.pth",
  "wrapped_state_dict.pth",
  "wrapped_model.pth",
  "wrapped_model_state_dict.pth",
  "parameters.pth",
  "little_endian.pth",
  "big_endian.pth",
];

for (const file of files) {
  Deno.test(`${file}: the tensors that PyTorch sees, bit for bit`, async () => {
    const checkpoint = await openCheckpoint(`${folder}/${file}`);
    const expected = await expectedTensors(file);
    assert.deepEqual([...checkpoint.tensors.keys()], [...expected.keys()]);
    for (const [name, { shape, data }] of expected) {
      assert.deepEqual(checkpoint.tensors.get(name)?.shape, shape, name);
      assertSameBits(await checkpoint.read(name), data, name);
    }
    assert.equal(checkpoint.source, `${folder}/${file}`);
    assert.equal(checkpoint.metadata, undefined);
    checkpoint.close();
    checkpoint.close();
  });
}

Deno.test("dtypes.pth: the stored types are known before anything is read", async () => {
  const checkpoint = await openCheckpoint(fileBytes("dtypes.pth"));
  for (const [name, { dtype }] of checkpoint.tensors) assert.equal(dtype, name);
  assert.equal(checkpoint.tensors.size, 10);
});

Deno.test("state_dict.pth: num_batches_tracked is a scalar of int64", async () => {
  const checkpoint = await openCheckpoint(fileBytes("state_dict.pth"));
  const name = "bn1.num_batches_tracked";
  assert.deepEqual(checkpoint.tensors.get(name), { dtype: "int64", shape: [] });
  assert.deepEqual([...await checkpoint.read(name)], [7]);
});

Deno.test("a tensor that is not there is a RangeError", async () => {
  const checkpoint = await openCheckpoint(fileBytes("state_dict.pth"));
  await assert.rejects(checkpoint.read("conv2.weight"), {
    name: "RangeError",
    message: '"bytes" has no tensor "conv2.weight"',
  });
});

Deno.test("what is read belongs to the caller", async () => {
  const bytes = fileBytes("state_dict.pth");
  const checkpoint = await openCheckpoint(bytes);
  const first = await checkpoint.read("conv1.weight");
  const kept = first.slice();
  first.fill(5);
  assertSameBits(await checkpoint.read("conv1.weight"), kept, "second reading");
  assert.deepEqual(bytes, fileBytes("state_dict.pth"));
});

Deno.test("of a view in a big storage only the view's bytes are read", async () => {
  const source = await countingSource(fileBytes("views.pth"));
  const checkpoint = await openCheckpointAt(source);
  const read = async (name: string) => {
    source.reads.length = 0;
    await checkpoint.read(name);
    return source.reads.map(({ length }) => length);
  };
  // The entry's local header, then the elements from the first to the last.
  assert.deepEqual(await read("offset"), [30, 60 * 4]);
  assert.deepEqual(await read("scalar"), [30, 4]);
  assert.deepEqual(await read("strided"), [30, (16 * 30 + 18 + 1) * 4]);
  assert.deepEqual(await read("half"), [30, 10 * 2]);
  const whole = await read("base");
  assert.ok(whole.includes(600 * 4), String(whole));
});

Deno.test("what is no state dict is refused by name", async () => {
  const cases: [file: string, message: RegExp][] = [
    [
      "malicious.pth",
      /^cannot read "bytes: malicious\/data.pkl": GLOBAL (posix|nt)\.system is not allowed in a state dict \(byte \d+\)$/,
    ],
    [
      "whole_module.pth",
      /GLOBAL __main__\.Block is not allowed in a state dict \(byte 2\)$/,
    ],
    ["protocol_4.pth", /pickle protocol 4, torch\.save writes 2 \(byte 0\)$/],
    [
      "no_tensors.pth",
      /^cannot read "bytes": no state dict: tensors are looked for at the top and under "state_dict", "model", "model_state_dict", there is "epoch", "best"$/,
    ],
  ];
  for (const [file, message] of cases) {
    await assert.rejects(openCheckpoint(fileBytes(file)), {
      name: "SyntaxError",
      message,
    });
  }
});

Deno.test("an archive whose parts do not agree is refused", async () => {
  const bytes = fileBytes("big_endian.pth");
  const name = (entry: string) => `little_endian/${entry}`;
  const refused = async (
    changed: Uint8Array<ArrayBuffer>,
    message: string,
  ) =>
    await assert.rejects(openCheckpoint(changed), {
      name: "SyntaxError",
      message: `cannot read "bytes": ${message}`,
    });
  await refused(
    await rezipped(bytes, { [name("byteorder")]: "middle" }),
    'byte order "middle", known are "little" and "big"',
  );
  await refused(
    await rezipped(bytes, { [name("data/1")]: null }),
    'the storage of "bias" has 12 bytes, its entry "little_endian/data/1" is missing',
  );
  await refused(
    await rezipped(bytes, { [name("data/1")]: "eight by" }),
    'the storage of "bias" has 12 bytes, its entry "little_endian/data/1" has 8',
  );
  await refused(
    await rezipped(bytes, {}, true),
    'entry "little_endian/data.pkl" is compressed, torch.save stores it',
  );
});

Deno.test("an expanded tensor beyond the file's size is refused", async () => {
  const bytes = fileBytes("views.pth");
  const archive = await openZip(await openByteSource(bytes));
  const pickle = await archive.read("views/data.pkl");
  // The shape (2, 9) and the strides (1, 0) of "expanded": BININT1 and TUPLE2.
  const at = pickle.findIndex((_, i) =>
    [0x4b, 2, 0x4b, 9, 0x86].every((byte, k) => pickle[i + k] === byte)
  );
  assert.ok(at > 0);
  const huge = new Uint8Array(pickle.length + 3);
  huge.set(pickle.subarray(0, at + 2));
  huge.set([0x4a, 0xff, 0xff, 0xff, 0x7f], at + 2); // BININT 2^31 - 1
  huge.set(pickle.subarray(at + 4), at + 7);
  await assert.rejects(
    openCheckpoint(await rezipped(bytes, { "views/data.pkl": huge })),
    {
      name: "SyntaxError",
      message:
        'cannot read "bytes": "expanded" has the shape [2, 2147483647] and a storage of 2',
    },
  );
});
