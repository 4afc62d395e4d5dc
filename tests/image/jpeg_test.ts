/** One contract for both builds of libjpeg-turbo: pixels, drafts, crops, damage. */

import assert from "node:assert/strict";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { decodeAndCrop, decodeImage } from "../../src/image/decode.ts";
import { jpegDecoder } from "../../src/image/jpeg.ts";
import { resizeAndCrop } from "../../src/image/transform.ts";
import * as wasm from "../../src/runtime/wasm/decoders.js";
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
  string,
  () => Promise<WebAssembly.Module>,
  Record<string, string>,
][] = [
  ["simd", wasm.jpegSimd, {}],
  ["plain", wasm.jpeg, {
    "dc_only.jpg": "libjpeg-turbo 2.0 smooths the blocks of unfinished files",
    "dc_only_444.jpg": "less far: up to 8 levels",
  }],
];

for (const [build, load, differences] of builds) {
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
            await decodeAndCrop(url, preset, options),
            resizeAndCrop(await decodeImage(url, options), preset),
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
      await decodeAndCrop(bytes, preset, options),
      resizeAndCrop(await decodeImage(bytes, options), preset),
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

  test("too many scans are refused before decoding", async () => {
    const bytes = await readData("progressive_420.jpg");
    const last = bytes.findLastIndex((byte, i) =>
      byte === 0xff && bytes[i + 1] === 0xda
    );
    const scan = bytes.subarray(last, bytes.length - 2);
    const many = new Uint8Array(bytes.length + 500 * scan.length);
    many.set(bytes.subarray(0, last));
    for (let i = 0; i < 501; i++) many.set(scan, last + i * scan.length);
    many.set([0xff, 0xd9], many.length - 2);
    await rejects(
      many,
      'cannot decode "bytes" as JPEG: it has more than 500 scans',
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
