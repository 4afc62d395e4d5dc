import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openCheckpoint, openCheckpointIn } from "../../src/weights/open.ts";
import {
  assertTensors,
  countingSource,
  expectedTensors,
  fileBytes,
  folder,
} from "./fixtures.ts";

/** Files, and the files with the same tensors. */
const files = [
  ["legacy.pth", "wrapped_model_state_dict.pth"],
  ["legacy_protocol_4.pth", "wrapped_model_state_dict.pth"],
  ["legacy_dtypes.pth", "dtypes.pth"],
  ["legacy_views.pth", "views.pth"],
  ["legacy_views_of_storages.pth", "wrapped_model_state_dict.pth", "old"],
  ["legacy_python_2.pth", "wrapped_model_state_dict.pth", "old"],
];

for (const [file, ...sameAs] of files) {
  Deno.test(`${file}: the tensors that PyTorch sees, bit for bit`, async () => {
    const checkpoint = await openCheckpoint(`${folder}/${file}`);
    const parts = await Promise.all(sameAs.map(expectedTensors));
    await assertTensors(checkpoint, new Map(parts.flatMap((p) => [...p])));
    assert.equal(checkpoint.source, `${folder}/${file}`);
    checkpoint.close();
  });
}

Deno.test("only the requested tensor is read, at the range that expect gave", async () => {
  const source = await countingSource(fileBytes("legacy_views.pth"));
  let expected: readonly { offset: number; length: number }[] = [];
  source.expect = (ranges) => expected = ranges;
  const checkpoint = await openCheckpointIn(source);
  checkpoint.expect?.(["offset", "channels_last"]);
  const read = async (name: string) => {
    source.reads.length = 0;
    await checkpoint.read(name);
    return source.reads;
  };
  const [count, values] = await read("offset");
  assert.deepEqual([count.length, values.length], [8, 60 * 4]);
  assert.equal(values.offset, count.offset + 8 + 100 * 4);
  assert.deepEqual(expected[0], {
    offset: count.offset,
    length: 8 + 160 * 4,
  });
  const [wholeCount, whole] = await read("channels_last");
  assert.deepEqual([whole.offset, whole.length], [
    wholeCount.offset + 8,
    4 * 3 * 2 * 5 * 4,
  ]);
  assert.deepEqual(expected[1], {
    offset: wholeCount.offset,
    length: 8 + whole.length,
  });
});

Deno.test("a legacy file whose parts disagree is rejected", async () => {
  const bytes = Buffer.from(fileBytes("legacy_python_2.pth"));
  const changed = (from: string, to: string, last = false) => {
    const at = last
      ? bytes.lastIndexOf(from, undefined, "latin1")
      : bytes.indexOf(from, 0, "latin1");
    assert.ok(at > 0, from);
    const copy = new Uint8Array(bytes);
    copy.set(Buffer.from(to, "latin1"), at);
    return copy;
  };
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [
      changed("M\xe9\x03", "M\xe8\x03"),
      /^cannot read "bytes": expected protocol version 1001, got 1000$/,
    ],
    [
      changed("U\x0f140000000000000", "U\x0f140000000000001", true),
      /^cannot read "bytes": unknown storage key$/,
    ],
    [
      new Uint8Array(bytes.subarray(0, -1)),
      /^cannot read "bytes": its 2551 bytes end before its storages, at 2552$/,
    ],
    [
      changed("FloatStorage", "LongStorage\n"),
      /^cannot read "bytes": .*\(byte \d+\)$/,
    ],
    // The view of a storage of 40, from element 8 on.
    [
      changed("K\x08K\x0c\x87", "K\x1dK\x0c\x87"),
      /^cannot read "bytes": a view exceeds storage "\d+" \(byte \d+\)$/,
    ],
  ];
  for (const [content, message] of cases) {
    await assert.rejects(openCheckpoint(content), {
      name: "SyntaxError",
      message,
    });
  }
});

Deno.test("a storage's number of elements is checked on reading it", async () => {
  const bytes = fileBytes("legacy_dtypes.pth");
  const source = await countingSource(bytes);
  await (await openCheckpointIn(source)).read("int16");
  const position = source.reads.at(-2)!.offset;
  new DataView(bytes.buffer).setBigInt64(position, -1n, true);
  const checkpoint = await openCheckpoint(bytes);
  await assert.rejects(checkpoint.read("int16"), {
    name: "SyntaxError",
    message:
      `cannot read "bytes": storage at byte ${position}: expected 2 elements, got -1`,
  });
  await checkpoint.read("int32");
});
