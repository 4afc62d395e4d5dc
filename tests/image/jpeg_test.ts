/** One contract for both builds of libjpeg-turbo: pixels, drafts, crops, damage. */

import assert from "node:assert/strict";
import {
  jpegBomb,
  jpegHiddenFrame,
  jpegTables,
} from "../../scripts/attack/pictures.ts";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { decodeAndCrop, decodeImage } from "../../src/image/decode.ts";
import { jpegDecoder } from "../../src/image/jpeg.ts";
import { readJpegHeader } from "../../src/image/jpeg_header.ts";
import * as plain from "../../src/image/jpeg_plain.ts";
import * as simd from "../../src/image/jpeg_simd.ts";
import { resizeAndCrop } from "../../src/image/transform.ts";
import { load } from "../../src/runtime/wasm/load.js";
import { readBytes } from "../../src/runtime/open_source.ts";
import { goldens, pixelAt, readData, sha256 } from "./support.ts";

const root = new URL("../../", import.meta.url);

/** `Image.draft` of current Pillow: scripts/make_jpeg_goldens.py. */
const drafts: {
  file: string;
  draft: [number, number];
  size: [number, number];
  sha256: string;
}[] = JSON.parse(
  await Deno.readTextFile(new URL("tests/data/image/jpeg/goldens.json", root)),
);

/** The builds, and in which files each differs from Pillow. */
const builds: [
  "simd" | "plain",
  () => Promise<WebAssembly.Module>,
  Record<string, string>,
][] = [
  ["simd", () => load("jpegSimd"), {}],
  ["plain", () => load("jpeg"), {
    "dc_only.jpg": "libjpeg-turbo 2.0 smooths the blocks of unfinished files",
    "dc_only_444.jpg": "less far: up to 8 levels",
  }],
];

for (const [build, load, differences] of builds) {
  const startBuild = build === "simd" ? simd.start : plain.start;
  const jpeg = await load().catch(() => undefined);
  if (!jpeg) console.log("skipped: the simd build; deno task build:jpeg");
  const modules = { jpeg };
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${build}: ${name}`, ignore: !jpeg, fn });

  test("jpegDecoder says that it runs", async () => {
    assert.equal(await jpegDecoder(modules), build);
  });

  for (const name of new Set(drafts.map(({ file }) => file))) {
    const short = name.split("/").at(-1)!;
    test(`${short} equals current Pillow's pixels at each scale`, async () => {
      for (const { file, draft, size, ...golden } of drafts) {
        if (file !== name) continue;
        const image = decodeImage(new URL(file, root), { draft, modules });
        if (short.startsWith("arithmetic") && build === "plain") {
          await assert.rejects(image, /this decoder has no arithmetic coding/);
          continue;
        }
        const { width, height, data } = await image;
        assert.deepEqual([width, height], size, `${draft}`);
        if (short in differences) continue;
        assert.equal(await sha256(data), golden.sha256, `${draft}`);
      }
    });
  }

  test("a crop is that of the whole picture, in every place and draft", async () => {
    const files = goldens.decoded.filter(({ file }) => file.endsWith(".jpg"))
      .map(({ file }) => `tests/data/image/${file}`);
    for (const file of [...files, "examples/images/rocket.jpg"]) {
      const url = new URL(file, root);
      for (const [resizeSize, cropSize] of [[24, 21], [200, 31], [9, 12]]) {
        const preset = { ...imagenetPreset, resizeSize, cropSize };
        for (const draft of [undefined, [20, 20], [resizeSize, resizeSize]]) {
          const options = { draft: draft as [number, number], modules };
          assert.deepEqual(
            await decodeAndCrop(await readBytes(url), preset, options),
            resizeAndCrop(await decodeImage(url, options), preset)[0],
            `${file} ${resizeSize} ${cropSize} ${draft}`,
          );
        }
      }
    }
  });

  test("a turned crop is that of the turned picture", async () => {
    const bytes = await readData("orientation6.jpg");
    const options = { exifOrientation: true, modules };
    const preset = { ...imagenetPreset, resizeSize: 20, cropSize: 20 };
    assert.deepEqual(
      await decodeAndCrop({ name: "", bytes }, preset, options),
      resizeAndCrop(await decodeImage(bytes, options), preset)[0],
    );
  });

  const rejects = (bytes: Uint8Array, message: string | RegExp) =>
    assert.rejects(decodeImage(bytes, { modules }), {
      name: "SyntaxError",
      message,
    });

  test("a file that is cut short is refused; bytes after its end are not", async () => {
    for (const file of ["420.jpg", "progressive_444.jpg", "cmyk_420.jpg"]) {
      const bytes = await readData(file);
      for (const length of [20, bytes.length >> 1, bytes.length - 1]) {
        await rejects(
          bytes.subarray(0, length),
          'cannot decode "bytes" as JPEG: the file is cut short, its end-of-image marker is missing',
        );
      }
      const longer = new Uint8Array(bytes.length + 1000).fill(0xff);
      longer.set(bytes);
      assert.deepEqual(
        await decodeImage(longer, { modules }),
        await decodeImage(bytes, { modules }),
      );
    }
  });

  test("a warning refuses no file, an error does; the next file decodes", async () => {
    const bytes = await readData("restarts.jpg");
    const whole = await decodeImage(bytes, { modules });
    const restart = bytes.findLastIndex((byte, i) =>
      byte === 0xff && (bytes[i + 1] & 0xf8) === 0xd0
    );
    const damaged = bytes.slice();
    damaged.fill(0, restart + 2, bytes.length - 2); // Too little data for its blocks.
    const warned = await decodeImage(damaged, { modules });
    assert.deepEqual(pixelAt(warned, 0, 0), pixelAt(whole, 0, 0));
    assert.notDeepEqual(warned, whole);

    for (let i = 0; i < 3; i++) {
      const broken = bytes.slice();
      broken[broken.indexOf(0xdb)] = 0xfe; // A quantisation table becomes a comment.
      await rejects(
        broken,
        build === "simd"
          ? /Quantization table 0x00 was not defined/
          : /its compressed data is damaged/,
      );
      assert.deepEqual(await decodeImage(bytes, { modules }), whole);
    }
  });

  test("64 scans are decoded, more are refused before", async () => {
    const { width, height } = await decodeImage(jpegBomb(100, 63), { modules });
    assert.deepEqual([width, height], [100, 100]);
    await rejects(
      jpegBomb(100, 64),
      'cannot decode "bytes" as JPEG: it has more than 64 scans',
    );
  });

  test("512 Huffman tables are read, more are refused before", async () => {
    const few = await decodeImage(jpegTables(512), { modules });
    assert.deepEqual(few, await decodeImage(jpegTables(2), { modules }));
    await rejects(
      jpegTables(513),
      'cannot decode "bytes" as JPEG: it has more than 512 Huffman tables',
    );
  });

  test("a frame behind the marker FF01, which has no length, counts", async () => {
    const { width, height } = await decodeImage(jpegHiddenFrame(200), {
      modules,
    });
    assert.deepEqual([width, height], [200, 200]);
    await assert.rejects(
      decodeImage(jpegHiddenFrame(20_000), { modules, maxPixels: 1e8 }),
      /^RangeError: .* 400000000 pixels \(20000x20000\); maxPixels is 100000000/,
    );
  });

  test("a picture that needs more than 1 GiB is refused", async () => {
    await assert.rejects(
      decodeImage(jpegBomb(24_000, 2), { modules, maxPixels: 1e9 }),
      /^SyntaxError: .* memory/,
    );
  });

  test("a size that differs between two places decodes nothing", async () => {
    const bytes = await readData("420.jpg");
    const at = bytes.findIndex((byte, i) =>
      byte === 0xff && bytes[i + 1] === 0xc0
    );
    const twice = new Uint8Array(bytes.length + 19);
    twice.set(bytes.subarray(0, at));
    twice.set(bytes.subarray(at, at + 19), at);
    twice.set(bytes.subarray(at), at + 19);
    twice[at + 6] = 1; // One row.
    await rejects(twice, /./);
    // As if only the decoder had seen it.
    const decoder = await startBuild(jpeg!);
    const header = { ...readJpegHeader(bytes), height: 1 };
    assert.throws(
      () => decoder.open(bytes, header, 1),
      /its size stands there twice, and differs: 37x1 and 37x23/,
    );
  });
}

Deno.test("draft: other formats ignore it, and it is checked", async () => {
  const png = await readData("rgb.png");
  assert.deepEqual(
    await decodeImage(png, { draft: [4, 4] }),
    await decodeImage(png),
  );
  for (const draft of [[0, 1], [1.5, 2], [1], "8x8"]) {
    await assert.rejects(
      decodeImage(png, { draft: draft as unknown as [number, number] }),
      /^RangeError: draft: expected \[width, height\], two positive integers, got /,
    );
  }
});
