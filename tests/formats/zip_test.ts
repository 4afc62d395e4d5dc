import assert from "node:assert/strict";
import { openZip } from "../../src/formats/zip.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { countingSource, zipOf } from "../weights/fixtures.ts";

const text = (content: string) => new TextEncoder().encode(content);
const repeated = new Uint8Array(100_000).map((_, i) => i % 251);
const contents = new Map([
  ["a.txt", text("first")],
  ["folder/b.bin", repeated],
  ["empty", new Uint8Array(0)],
]);

const open = async (bytes: Uint8Array<ArrayBuffer>) =>
  openZip(await openByteSource(bytes));

for (const deflate of [false, true]) {
  const kind = deflate ? "deflated" : "stored";

  Deno.test(`createZip, openZip: ${kind} files come back, in order`, async () => {
    const bytes = await zipOf(contents, deflate);
    const archive = await open(bytes);
    assert.deepEqual([...archive.entries.keys()], [...contents.keys()]);
    for (const [name, content] of contents) {
      assert.deepEqual(archive.entries.get(name), {
        size: content.length,
        stored: !deflate,
      });
      assert.deepEqual(await archive.read(name), content);
      assert.deepEqual(
        await archive.readStart(name, 300),
        content.slice(0, 300),
      );
    }
    assert.equal(bytes.length < repeated.length / 10, deflate);
  });

  Deno.test(`createZip: the same ${kind} bytes each time`, async () => {
    assert.deepEqual(
      await zipOf(contents, deflate),
      await zipOf(contents, deflate),
    );
  });

  Deno.test(`openZip: damage to a ${kind} file is found by its CRC`, async () => {
    const bytes = await zipOf(contents, deflate);
    const at = bytes.length - 500;
    bytes[deflate ? 200 : at] ^= 4;
    await assert.rejects(async () => (await open(bytes)).read("folder/b.bin"), {
      name: "SyntaxError",
      message: /^cannot read "bytes": entry "folder\/b.bin" is damaged \(.+\)$/,
    });
  });

  Deno.test(`openZip: a ${kind} archive cut short is rejected`, async () => {
    const bytes = await zipOf(
      [["a", text("hello")], ["b", text("b")]],
      deflate,
    );
    for (let length = 0; length < bytes.length; length++) {
      await assert.rejects(open(bytes.slice(0, length)), {
        name: "SyntaxError",
        message: /^cannot read "bytes": not a zip archive, or cut short/,
      });
    }
  });
}

Deno.test("createZip: streams", async () => {
  const streams = [...contents].map(([name, content]) =>
    [name, ReadableStream.from([content])] as const
  );
  const archive = await open(await zipOf(streams, false));
  assert.deepEqual(await archive.read("folder/b.bin"), repeated);
});

Deno.test("openZip: a part of a stored file", async () => {
  const archive = await open(await zipOf(contents, false));
  assert.deepEqual(
    await archive.readRange("folder/b.bin", 70_000, 1000),
    repeated.slice(70_000, 71_000),
  );
  for (const [offset, length] of [[-1, 2], [99_999, 2], [0, 100_001]]) {
    await assert.rejects(
      archive.readRange("folder/b.bin", offset, length),
      {
        name: "SyntaxError",
        message:
          `cannot read "bytes": entry "folder/b.bin" has 100000 bytes; cannot read ${length} at ${offset}`,
      },
    );
  }
  await assert.rejects(archive.read("c"), {
    name: "SyntaxError",
    message: 'cannot read "bytes": it has no entry "c"',
  });
  const deflated = await open(await zipOf(contents, true));
  await assert.rejects(deflated.readRange("a.txt", 0, 1), {
    name: "SyntaxError",
    message: 'cannot read "bytes": entry "a.txt" is compressed',
  });
});

for (const deflate of [false, true]) {
  Deno.test(`openZip: rangeOf covers all that a read reads, ${deflate ? "deflated" : "stored"}`, async () => {
    const source = await countingSource(await zipOf(contents, deflate));
    const archive = await openZip(source);
    for (const name of contents.keys()) {
      const { offset, length } = archive.rangeOf(name);
      source.reads.length = 0;
      await archive.read(name);
      assert.ok(source.reads.length > 0);
      for (const read of source.reads) {
        assert.ok(
          read.offset >= offset && read.offset + read.length <= offset + length,
          `${name}: ${read.length} bytes at ${read.offset}`,
        );
      }
    }
    assert.throws(() => archive.rangeOf("c"), {
      name: "SyntaxError",
      message: 'cannot read "counted": it has no entry "c"',
    });
  });
}

/** Offsets of the directory's records, by their signature. */
function directoryRecords(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let i = 0; i < bytes.length - 4; i++) {
    if (bytes[i] === 0x50 && bytes[i + 1] === 0x4b && bytes[i + 2] === 1) {
      offsets.push(i);
    }
  }
  return offsets;
}

Deno.test("openZip: an impossible size is rejected before anything is allocated", async () => {
  const bytes = await zipOf(contents, true);
  const record = directoryRecords(bytes)[1];
  new DataView(bytes.buffer).setUint32(record + 24, 0x7fffffff, true);
  const archive = await open(bytes);
  await assert.rejects(archive.read("folder/b.bin"), {
    name: "SyntaxError",
    message: /entry "folder\/b.bin" can't hold 2147483647 bytes in \d+$/,
  });
});

Deno.test("openZip: entries that share bytes are rejected", async () => {
  const bytes = await zipOf(
    [["a", text("hello")], ["b", text("hello")]],
    false,
  );
  const [first, second] = directoryRecords(bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(second + 42, view.getUint32(first + 42, true), true);
  await assert.rejects(open(bytes), {
    name: "SyntaxError",
    message: 'cannot read "bytes": entries "a" and "b" overlap',
  });
});

Deno.test("openZip: an error of the source is thrown unchanged", async () => {
  const bytes = await zipOf(contents, true);
  const source = await openByteSource(bytes);
  let broken = false;
  const failing = {
    ...source,
    read: (offset: number, length: number) =>
      broken
        ? Promise.reject(new Error("connection lost"))
        : source.read(offset, length),
  };
  const archive = await openZip(failing);
  broken = true;
  for (const reading of [archive.read("a.txt"), openZip(failing)]) {
    await assert.rejects(reading, {
      name: "Error",
      message: "connection lost",
    });
  }
  broken = false;
  assert.deepEqual(await archive.read("a.txt"), contents.get("a.txt"));
});
