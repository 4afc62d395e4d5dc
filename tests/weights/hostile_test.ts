/** Hostile files of weights. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { zipSync } from "fflate";
import { encodeNpy } from "../../src/formats/npy.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { readTar } from "../../src/formats/tar.ts";
import { openCheckpoint, openCheckpointIn } from "../../src/weights/open.ts";
import { countingSource, fileBytes, rezipped } from "./fixtures.ts";

/** Reads a whole file; the message of its error, which must be a SyntaxError and cost few reads. */
async function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const source = { ...await countingSource(bytes), name: "bytes" };
  try {
    const checkpoint = await openCheckpointIn(source);
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    const read = source.reads.reduce((sum, { length }) => sum + length, 0);
    assert.ok(read < 4 * bytes.length, `${read} of ${bytes.length} bytes`);
    return error.message;
  }
  throw new Error("it was read");
}

/** An archive with this pickle, like torch.save's; text as Latin-1. */
async function withPickle(pickle: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(pickle, (char) => char.charCodeAt(0));
  return await rezipped(fileBytes("little_endian.pth"), {
    "little_endian/data.pkl": bytes,
  });
}

/** A tensor of 6 floats in `data/0`, with pickled offset, shape and strides. */
const tensorPickle = (offset: string, shape: string, strides: string) =>
  "\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storage" +
  "ctorch\nFloatStorage\nU\x010U\x03cpuK\x06tQ" +
  `${offset}${shape}${strides}\x89NtRs.`;

Deno.test("a zip bomb is unpacked no further than its directory says", async () => {
  const zeros = encodeNpy(new Float32Array(2 ** 23), [2 ** 23]);
  const bomb = Buffer.from(zipSync({ "w.npy": zeros }));
  assert.ok(bomb.length < 2 ** 16);
  const directory = bomb.indexOf("PK\x01\x02", 0, "latin1");
  bomb.writeUInt32LE(128 + 8, directory + 24);
  assert.match(
    await refusal(new Uint8Array(bomb)),
    /^cannot read "bytes": entry "w\.npy" is damaged/,
  );
  bomb.writeUInt32LE(0xffffff00, directory + 24);
  assert.match(
    await refusal(new Uint8Array(bomb)),
    /^cannot read "bytes": entry "w\.npy" can't hold 4294967040 bytes in \d+$/,
  );
});

Deno.test("entries that overlap are rejected", async () => {
  const bytes = Buffer.from(fileBytes("views.pth"));
  const records = [1, 2].map((i) =>
    bytes.lastIndexOf(`views/data/${i}`, undefined, "latin1") - 46
  );
  bytes.copy(bytes, records[1] + 42, records[0] + 42, records[0] + 46);
  assert.match(
    await refusal(new Uint8Array(bytes)),
    /^cannot read "bytes": entries "views\/data\/\d" and "views\/data\/\d" overlap$/,
  );
});

Deno.test("sizes of 2^53 and more are rejected", async () => {
  const huge = [
    "\x8a\x07\0\0\0\0\0\0\x20",
    "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
  ];
  for (const number of huge) {
    for (
      const [offset, shape, strides] of [
        [number, ")", ")"],
        ["K\0", `${number}\x85`, "K\0\x85"],
        ["K\0", "K\x02\x85", `${number}\x85`],
      ]
    ) {
      assert.match(
        await refusal(await withPickle(tensorPickle(offset, shape, strides))),
        /^cannot read "bytes": "w" can't be read: its storage, shape or strides are invalid$/,
      );
    }
  }
  const archive = Buffer.from(fileBytes("archive.pth"));
  const end = archive.indexOf("PK\x06\x06", 0, "latin1");
  for (const [field, plain, bytes] of [[32, 12, 2], [40, 10, 4], [48, 6, 4]]) {
    const changed = Buffer.from(archive);
    changed.writeBigUInt64LE(2n ** 53n, end + field);
    // The numbers of the plain record are used where they fit.
    assert.equal(
      (await openCheckpoint(new Uint8Array(changed))).tensors.size > 0,
      true,
    );
    changed.fill(0xff, archive.length - plain, archive.length - plain + bytes);
    assert.match(await refusal(new Uint8Array(changed)), /^cannot read "bytes/);
  }
  const tar = Buffer.from(fileBytes("tar.pth"));
  const { offset } = (await readTar(await openByteSource(fileBytes("tar.pth"))))
    .get("storages")!;
  const count = tar.indexOf("Storage\nq\x01\x87q\x02.", offset, "latin1") + 14;
  for (const number of [2n ** 53n, -1n, 2n ** 62n]) {
    tar.writeBigInt64LE(number, count);
    assert.match(
      await refusal(new Uint8Array(tar)),
      /^cannot read "bytes": a storage of -?\d+ elements is cut short \(byte \d+\)$/,
    );
  }
});

Deno.test("negative offsets, sizes and strides are rejected", async () => {
  const negative = "J\xff\xff\xff\xff";
  for (
    const [offset, shape, strides] of [
      [negative, "K\x02\x85", "K\x01\x85"],
      ["K\0", `${negative}\x85`, "K\x01\x85"],
      ["K\x05", "K\x02\x85", `${negative}\x85`],
    ]
  ) {
    assert.match(
      await refusal(await withPickle(tensorPickle(offset, shape, strides))),
      /"w" can't be read: its storage, shape or strides are invalid$/,
    );
  }
});

Deno.test("pickles that contain themselves end", async () => {
  for (
    const pickle of [
      "\x80\x02}q\0U\x0astate_dicth\0s.",
      "\x80\x02}q\0U\x05modelh\0sU\x01w]q\x01h\x01as.",
      "\x80\x02]q\0h\0accollections\nOrderedDict\nh\0\x85R.",
      "\x80\x02}q\0h\0h\0s.",
    ]
  ) {
    assert.match(
      await refusal(await withPickle(pickle)),
      /^cannot read "bytes": it has no tensors/,
    );
  }
});

Deno.test("huge shapes without data are rejected, or are empty", async () => {
  const million = "J\x40\x42\x0f\0", billion = "J\x00\xca\x9a\x3b";
  assert.match(
    await refusal(
      await withPickle(tensorPickle("K\0", `${billion}\x85`, "K\0\x85")),
    ),
    /"w" can't be read: it repeats a storage of 6 to shape \[1000000000\]$/,
  );
  const npy = Buffer.from(encodeNpy(new Float32Array(0), [0]));
  npy.write("(1000000000,), }", npy.indexOf("(0,), }"), "latin1");
  assert.match(
    await refusal(zipSync({ "w.npy": npy })),
    /^cannot read "bytes: w\.npy": expected 4000000000 bytes of float32 \[1000000000\], got 0$/,
  );
  const empty = await openCheckpoint(
    await withPickle(
      tensorPickle("K\0", `K\0${million}\x86`, "K\x01K\x01\x86"),
    ),
  );
  assert.deepEqual(empty.tensors.get("w")?.shape, [0, 1_000_000]);
  assert.equal((await empty.read("w")).length, 0);
});
