import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { readTar } from "../../src/formats/tar.ts";
import { openCheckpoint, openCheckpointIn } from "../../src/weights/open.ts";
import {
  assertTensors,
  countingSource,
  expectedTensors,
  fileBytes,
  folder,
} from "./fixtures.ts";

for (const file of ["tar.pth", "tar_python_2.pth"]) {
  Deno.test(`${file}: the tensors that PyTorch sees, bit for bit`, async () => {
    const checkpoint = await openCheckpoint(`${folder}/${file}`);
    const expected = new Map([
      ...await expectedTensors("wrapped_model_state_dict.pth"),
      ...await expectedTensors("old"),
    ]);
    await assertTensors(checkpoint, expected);
    checkpoint.close();
  });
}

Deno.test("readTar: the files, not their extended headers", async () => {
  const bytes = fileBytes("tar.pth");
  const entries = await readTar(await openByteSource(bytes));
  assert.deepEqual([...entries.keys()], [
    "sys_info",
    "pickle",
    "tensors",
    "storages",
  ]);
  for (const { offset } of entries.values()) {
    assert.deepEqual([...bytes.subarray(offset, offset + 2)], [0x80, 2]);
  }
});

Deno.test("only the requested tensor is read", async () => {
  const source = await countingSource(fileBytes("tar.pth"));
  const checkpoint = await openCheckpointIn(source);
  source.reads.length = 0;
  await checkpoint.read("conv1.weight");
  assert.deepEqual(source.reads.map(({ length }) => length), [8, 4 * 27 * 4]);
});

Deno.test("tar.pth cut short anywhere before its end is a SyntaxError", async () => {
  const bytes = fileBytes("tar.pth");
  const { offset, size } = (await readTar(await openByteSource(bytes)))
    .get("storages")!;
  await openCheckpoint(bytes.slice(0, offset + size));
  for (let length = 1; length < offset + size; length += 13) {
    await assert.rejects(openCheckpoint(bytes.slice(0, length)), {
      name: "SyntaxError",
      message: /^cannot read "bytes/,
    });
  }
});

/** The archive with an entry's bytes changed. */
async function changed(
  entry: string,
  from: string,
  to: string,
): Promise<Uint8Array> {
  const bytes = Buffer.from(fileBytes("tar_python_2.pth"));
  const { offset, size } = (await readTar(await openByteSource(bytes)))
    .get(entry)!;
  const at = bytes.subarray(offset, offset + size).indexOf(from, 0, "latin1");
  assert.ok(at >= 0, from);
  bytes.write(to, offset + at, "latin1");
  return new Uint8Array(bytes);
}

Deno.test("a tar whose parts disagree is rejected", async () => {
  const whole = fileBytes("tar_python_2.pth");
  const header = whole.slice();
  header[1] ^= 1;
  const { offset } = (await readTar(await openByteSource(whole)))
    .get("storages")!;
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [
      header,
      /^cannot read "bytes": tar header at byte 0: wrong checksum$/,
    ],
    [
      whole.slice(0, 1024),
      /^cannot read "bytes": it has no entry "storages"$/,
    ],
    [
      whole.slice(0, offset + 100),
      /^cannot read "bytes": tar header at byte \d+: the \d+ bytes of "storages" are cut short$/,
    ],
    [
      await changed("storages", "torch\nFloat", "tOrch\nFloat"),
      /^cannot read "bytes": expected a storage \(byte \d+\)$/,
    ],
    [
      await changed("storages", "K\x08K\x0ct", "K\x1dK\x0ct"),
      /^cannot read "bytes": a view exceeds its storage \(byte \d+\)$/,
    ],
    [
      await changed("pickle", "U\x0f1400000", "U\x0f1400009"),
      /^cannot read "bytes: pickle": a persistent id names no tensor \(byte \d+\)$/,
    ],
  ];
  for (const [content, message] of cases) {
    await assert.rejects(openCheckpoint(content), {
      name: "SyntaxError",
      message,
    });
  }
  const beyond = await openCheckpoint(
    await changed("tensors", "\xef\xbe\xad\xde\x04", "\xef\xbe\xad\xde\x05"),
  );
  const unread = [...beyond.tensors].filter(([, { unread }]) => unread);
  assert.equal(unread.length, 1);
  await assert.rejects(beyond.read(unread[0][0]), {
    name: "SyntaxError",
    message: /can't be read: its shape \[5, .* exceed its storage of \d+$/,
  });
});
