import assert from "node:assert/strict";
import { openZip } from "../../src/formats/zip.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { openCheckpoint, openCheckpointIn } from "../../src/weights/open.ts";
import { pthBytes } from "./pth_writer.ts";
import {
  assertSameBits,
  assertTensors,
  countingSource,
  expectedTensors,
  fileBytes,
  folder,
  rezipped,
} from "./fixtures.ts";

/** Files, the files with the same tensors, and the path above them. */
const files: [file: string, sameAs: string, prefix: string][] = [
  ["state_dict.pth", "state_dict.pth", ""],
  ["dtypes.pth", "dtypes.pth", ""],
  ["views.pth", "views.pth", ""],
  ["wrapped_state_dict.pth", "wrapped_state_dict.pth", "state_dict."],
  ["wrapped_model.pth", "wrapped_model.pth", "model."],
  [
    "wrapped_model_state_dict.pth",
    "wrapped_model_state_dict.pth",
    "model_state_dict.",
  ],
  ["parameters.pth", "parameters.pth", ""],
  ["little_endian.pth", "little_endian.pth", ""],
  ["big_endian.pth", "big_endian.pth", ""],
  ["big_endian_dtypes.pth", "big_endian_dtypes.pth", ""],
  ["protocol_3.pth", "wrapped_model_state_dict.pth", ""],
  ["protocol_4.pth", "wrapped_model_state_dict.pth", ""],
  ["protocol_5.pth", "wrapped_model_state_dict.pth", ""],
  ["archive.pth", "wrapped_model_state_dict.pth", ""],
  ["train_script_2.pth", "tiny.pth", "model."],
  ["train_script_4.pth", "tiny.pth", "model."],
];

for (const [file, sameAs, prefix] of files) {
  Deno.test(`${file}: the tensors that PyTorch sees, bit for bit`, async () => {
    const checkpoint = await openCheckpoint(`${folder}/${file}`);
    for (const [name, { shape, data }] of await expectedTensors(sameAs)) {
      const path = prefix + name;
      assert.deepEqual(checkpoint.tensors.get(path)?.shape, shape, path);
      assertSameBits(await checkpoint.read(path), data, path);
    }
    assert.equal(checkpoint.source, `${folder}/${file}`);
    assert.equal(checkpoint.metadata, undefined);
    checkpoint.close();
    checkpoint.close();
  });
}

Deno.test("the tests' writer writes PyTorch's bytes", async () => {
  const bytes = fileBytes("archive.pth");
  assert.deepEqual(await pthBytes(await openCheckpoint(bytes)), bytes);
});

Deno.test("dtypes.pth: the stored types are known before anything is read", async () => {
  const checkpoint = await openCheckpoint(fileBytes("dtypes.pth"));
  for (const [name, { dtype }] of checkpoint.tensors) assert.equal(dtype, name);
  assert.equal(checkpoint.tensors.size, 10);
});

Deno.test("state_dict.pth: num_batches_tracked is a scalar of int64", async () => {
  const checkpoint = await openCheckpoint(fileBytes("state_dict.pth"));
  const name = "bn1.num_batches_tracked";
  const { dtype, shape } = checkpoint.tensors.get(name)!;
  assert.deepEqual({ dtype, shape }, { dtype: "int64", shape: [] });
  assert.deepEqual([...await checkpoint.read(name)], [7]);
});

Deno.test("a missing tensor is a RangeError", async () => {
  const checkpoint = await openCheckpoint(fileBytes("state_dict.pth"));
  await assert.rejects(checkpoint.read("conv2.weight"), {
    name: "RangeError",
    message: '"bytes" has no tensor "conv2.weight"',
  });
});

Deno.test("the caller owns the values", async () => {
  const bytes = fileBytes("state_dict.pth");
  const checkpoint = await openCheckpoint(bytes);
  const first = await checkpoint.read("conv1.weight");
  const kept = first.slice();
  first.fill(5);
  assertSameBits(await checkpoint.read("conv1.weight"), kept, "second reading");
  assert.deepEqual(bytes, fileBytes("state_dict.pth"));
});

Deno.test("of a large storage only the view's bytes are read", async () => {
  const source = await countingSource(fileBytes("views.pth"));
  const checkpoint = await openCheckpointIn(source);
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

Deno.test("expect tells the source the entries' ranges, and nothing else is read", async () => {
  const source = await countingSource(fileBytes("tiny.pth"));
  let expected: readonly { offset: number; length: number }[] = [];
  source.expect = (ranges) => expected = ranges;
  const checkpoint = await openCheckpointIn(source);
  const names = ["layer1.0.conv1.weight", "fc.bias", "conv1.weight"];
  checkpoint.expect?.(names);
  assert.equal(expected.length, names.length);
  for (const [i, name] of names.entries()) {
    source.reads.length = 0;
    await checkpoint.read(name);
    const { offset, length } = expected[i];
    assert.ok(source.reads.length > 0 && length < 512, `${length}`);
    for (const read of source.reads) {
      assert.ok(
        read.offset >= offset && read.offset + read.length <= offset + length,
        `${name}: ${read.length} bytes at ${read.offset}`,
      );
    }
  }
});

Deno.test("a pickle that calls os.system opens, and runs nothing", async () => {
  const { tensors } = await openCheckpoint(fileBytes("malicious.pth"));
  assert.deepEqual([...tensors.keys()], ["weight"]);
});

Deno.test("a whole module's tensors have the names of its state dict", async () => {
  const { tensors } = await openCheckpoint(fileBytes("whole_module.pth"));
  assert.ok(tensors.size > 0);
  for (const [name, { inModule }] of tensors) {
    assert.ok(inModule && !name.includes("_parameters"), name);
  }
});

Deno.test("a checkpoint without tensors is rejected, with its keys", async () => {
  await assert.rejects(openCheckpoint(fileBytes("no_tensors.pth")), {
    name: "SyntaxError",
    message:
      'cannot read "bytes": it has no tensors; its keys are "epoch", "best"',
  });
});

Deno.test("an archive whose parts disagree is rejected", async () => {
  const bytes = fileBytes("big_endian.pth");
  const name = (entry: string) => `little_endian/${entry}`;
  const refused = async (
    changed: Uint8Array<ArrayBuffer>,
    message: string,
  ) =>
    await assert.rejects(
      async () => await (await openCheckpoint(changed)).read("bias"),
      { name: "SyntaxError", message: `cannot read "bytes": ${message}` },
    );
  await refused(
    await rezipped(bytes, { [name("byteorder")]: "middle" }),
    'byteorder: expected "little" or "big", got "middle"',
  );
  await refused(
    await rezipped(bytes, { [name("data/1")]: null }),
    'entry "little_endian/data/1" is missing',
  );
  await refused(
    await rezipped(bytes, { [name("data/1")]: "eight by" }),
    'entry "little_endian/data/1": expected 12 bytes, got 8',
  );
});

Deno.test("a compressed archive is read", async () => {
  for (const file of ["views.pth", "big_endian.pth"]) {
    const bytes = await rezipped(fileBytes(file), {}, true);
    await assertTensors(
      await openCheckpoint(bytes),
      await expectedTensors(file),
    );
  }
});

Deno.test("a compressed storage is inflated once for its views", async () => {
  const bytes = await rezipped(fileBytes("views.pth"), {}, true);
  const source = await countingSource(bytes);
  const checkpoint = await openCheckpointIn(source);
  await checkpoint.read("offset");
  source.reads.length = 0;
  await checkpoint.read("strided");
  assert.deepEqual(source.reads, []);
});

Deno.test("an expanded tensor larger than the file is rejected", async () => {
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
  const checkpoint = await openCheckpoint(
    await rezipped(bytes, { "views/data.pkl": huge }),
  );
  await checkpoint.read("base");
  await assert.rejects(checkpoint.read("expanded"), {
    name: "SyntaxError",
    message:
      'cannot read "bytes": "expanded" can\'t be read: it repeats a storage of 2 to shape [2, 2147483647]',
  });
});
