import assert from "node:assert/strict";
import { decodeImage } from "../../src/image/decode.ts";
import type { RgbImage } from "../../src/image/rgb_image.ts";
import {
  dataUrl,
  goldens,
  photosUrl,
  pixelAt,
  readData,
  sha256,
  withChunk,
} from "./support.ts";

const expectedRgb = await readData("decoded.rgb");

for (const { file, oriented, width, height, offset } of goldens.decoded) {
  Deno.test(`decodeImage: ${file} equals PIL's pixels`, async () => {
    const data = expectedRgb.slice(offset, offset + 3 * width * height);
    const image = await decodeImage(new URL(file, dataUrl), {
      exifOrientation: oriented,
    });
    assertSameImage(image, { width, height, data });
  });
}

for (const { image: photo, decodedSha256 } of goldens.transformed) {
  if (typeof photo !== "string") continue;
  Deno.test(`decodeImage: ${photo} equals PIL's pixels`, async () => {
    const { data } = await decodeImage(new URL(photo, photosUrl));
    assert.equal(await sha256(data), decodedSha256);
  });
}

Deno.test("decodeImage: there are enough goldens, and none is blank", () => {
  assert.ok(goldens.decoded.length >= 75);
  for (const { file, width, height, offset } of goldens.decoded) {
    const data = expectedRgb.subarray(offset, offset + 3 * width * height);
    assert.ok(data.some((value) => value > 0), file);
  }
});

Deno.test("decodeImage: EXIF orientation is ignored by default", async () => {
  const stored = await decodeImage(new URL("orientation1.jpg", dataUrl));
  for (const orientation of [3, 6]) {
    const file = new URL(`orientation${orientation}.jpg`, dataUrl);
    assertSameImage(await decodeImage(file), stored);
  }
  const turned = await decodeImage(new URL("orientation6.jpg", dataUrl), {
    exifOrientation: true,
  });
  assert.deepEqual([turned.width, turned.height], [23, 37]);
  assert.deepEqual(pixelAt(turned, 22, 0), pixelAt(stored, 0, 0));
});

Deno.test("decodeImage: an invalid orientation is ignored", async () => {
  const stored = await decodeImage(new URL("orientation1.jpg", dataUrl));
  const bytes = await readData("orientation1.jpg");
  const tag = bytes.findIndex((_, i) =>
    bytes[i] === 0x12 && bytes[i + 1] === 0x01 && bytes[i + 2] === 3
  );
  for (const value of [0, 9, 255]) {
    bytes[tag + 8] = value;
    assertSameImage(
      await decodeImage(bytes, { exifOrientation: true }),
      stored,
    );
  }
});

Deno.test("decodeImage: each kind of source gives the same picture", async () => {
  const url = new URL("rgb.png", dataUrl);
  const bytes = await readData("rgb.png");
  const expected = await decodeImage(url);
  const padded = new Uint8Array(bytes.length + 7);
  padded.set(bytes, 7);
  const blobUrl = URL.createObjectURL(new Blob([bytes]));
  const sources = {
    bytes,
    subarray: padded.subarray(7),
    buffer: bytes.buffer,
    blob: new Blob([bytes]),
    file: new File([bytes], "misnamed.jpg"),
    "file URL": url.href,
    "data URL": `data:text/plain;base64,${bytes.toBase64()}`,
    "blob URL": blobUrl,
    path: "tests/data/image/rgb.png",
  };
  for (const [kind, source] of Object.entries(sources)) {
    assertSameImage(await decodeImage(source), expected, kind);
  }
  URL.revokeObjectURL(blobUrl);
});

Deno.test("decodeImage: many at once don't disturb each other", async () => {
  const some = goldens.decoded.filter((_, i) => i % 5 === 0);
  const images = await Promise.all(
    some.map(({ file, oriented }) =>
      decodeImage(new URL(file, dataUrl), { exifOrientation: oriented })
    ),
  );
  images.forEach((image, i) => {
    const { width, height, offset } = some[i];
    const data = expectedRgb.slice(offset, offset + 3 * width * height);
    assertSameImage(image, { width, height, data });
  });
});

Deno.test("decodeImage: uses the modules that are passed", async () => {
  const { load } = await import("../../src/runtime/wasm/load.js");
  const url = new URL("rgb.png", dataUrl);
  const modules = { png: await load("png") };
  assertSameImage(await decodeImage(url, { modules }), await decodeImage(url));

  const empty = new WebAssembly.Module(
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
  );
  await assert.rejects(decodeImage(url, { modules: { png: empty } }));
  await assert.rejects(
    decodeImage(url, { modules: { png: new Uint8Array(8) } }),
    new TypeError(
      "modules.png: expected a WebAssembly.Module, got a Uint8Array",
    ),
  );
});

Deno.test("decodeImage: the size is checked before decoding", async () => {
  const huge = withChunk(await readData("rgb.png"), "IHDR", (header) => {
    header.set([0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
  });
  await assert.rejects(
    decodeImage(huge),
    new RangeError(
      'cannot decode "bytes" as PNG: it has 400000000 pixels (20000x20000); maxPixels is 178956970',
    ),
  );
  for (
    const file of [
      "420.jpg",
      "rgb.png",
      "lossy.webp",
      "lossless.webp",
      "lossy_alpha.webp",
    ]
  ) {
    const url = new URL(file, dataUrl);
    await assert.rejects(decodeImage(url, { maxPixels: 850 }), {
      name: "RangeError",
      message: /: it has 851 pixels \(37x23\); maxPixels is 850$/,
    });
    await decodeImage(url, { maxPixels: 851 });
  }
});

Deno.test("decodeImage: maxPixels must be positive", async () => {
  const url = new URL("rgb.png", dataUrl);
  for (const maxPixels of [0, -1, NaN]) {
    await assert.rejects(
      decodeImage(url, { maxPixels }),
      new RangeError(`maxPixels: expected a positive number, got ${maxPixels}`),
    );
  }
});

/** Reports the first pixel that differs. */
function assertSameImage(
  actual: RgbImage,
  expected: RgbImage,
  message = "",
): void {
  const { width, height } = expected;
  assert.deepEqual([actual.width, actual.height], [width, height], message);
  assert.equal(actual.data.length, expected.data.length, message);
  const at = expected.data.findIndex((value, i) => value !== actual.data[i]);
  if (at < 0) return;
  const pixel = Math.floor(at / 3);
  const x = pixel % width;
  const y = Math.floor(pixel / width);
  assert.deepEqual(
    pixelAt(actual, x, y),
    pixelAt(expected, x, y),
    `${message} pixel ${x}, ${y}`,
  );
}
