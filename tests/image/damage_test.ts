import assert from "node:assert/strict";
import { webpHiddenBitstream } from "../../scripts/attack/pictures.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { dataUrl, goldens, readData, withChunk } from "./support.ts";

/** Asserts that decoding fails with a `SyntaxError` of this message and prints nothing. */
async function assertRejected(
  bytes: Uint8Array,
  reason: string,
  format?: string,
) {
  const { log, error } = console;
  const printed: unknown[] = [];
  console.log = console.error = (...line) => printed.push(line);
  try {
    await assert.rejects(decodeImage(bytes), {
      name: "SyntaxError",
      message: `cannot decode "bytes"${
        format ? ` as ${format}` : ""
      }: ${reason}`,
    });
  } finally {
    Object.assign(console, { log, error });
  }
  assert.deepEqual(printed, []);
}

const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test("decodeImage: other formats are rejected by their content", async () => {
  await assertRejected(new Uint8Array(), "it is empty");
  const supported = "JPEG, PNG and WebP are supported";
  for (
    const [start, what] of [
      ["hello", "has an unknown format"],
      ["\n", "has an unknown format"],
      ["RIFF\x04\0\0\0WAVE", "has an unknown format"],
      ["GIF89a\x01\0\x01\0", "is a GIF"],
      ["BM\x36\0\0\0", "is a BMP"],
      ["II*\0\x08\0\0\0", "is a TIFF"],
      ["\0\0\0\x1cftypavif", "is an AVIF"],
      ["\0\0\0\x18ftypheic", "is a HEIC"],
    ]
  ) await assertRejected(ascii(start), `it ${what}; ${supported}`);
});

Deno.test("decodeImage: a file's name doesn't matter, but stands in the message", async () => {
  await assert.rejects(
    decodeImage(new File(["hello"], "cat.jpg")),
    new SyntaxError(
      'cannot decode "cat.jpg": it has an unknown format; JPEG, PNG and WebP are supported',
    ),
  );
});

Deno.test("decodeImage: a JPEG cut short anywhere is rejected", async () => {
  for (
    const file of [
      "420.jpg",
      "progressive_420.jpg",
      "restarts.jpg",
      "cmyk_444.jpg",
    ]
  ) {
    const bytes = await readData(file);
    for (let length = 3; length < bytes.length; length += 17) {
      await assertRejected(
        bytes.subarray(0, length),
        "the file is cut short, its end-of-image marker is missing",
        "JPEG",
      );
    }
    await assertRejected(
      bytes.subarray(0, bytes.length - 1),
      "the file is cut short, its end-of-image marker is missing",
      "JPEG",
    );
  }
});

Deno.test("decodeImage: a PNG cut short anywhere before its last pixel is rejected", async () => {
  const bytes = await readData("rgb.png");
  const whole = await decodeImage(bytes);
  // A part of the checksum, a CRC and IEND follow the pixels.
  const behind = 4 + 4 + 12;
  for (let length = 8; length < bytes.length - behind; length += 19) {
    const missing = length < 33
      ? "its header is missing"
      : length < 41
      ? "its pixels are missing"
      : "some of its pixels are missing";
    await assertRejected(
      bytes.subarray(0, length),
      `the file is cut short, ${missing}`,
      "PNG",
    );
  }
  for (let cut = 0; cut <= behind; cut++) {
    const rest = bytes.subarray(0, bytes.length - cut);
    assert.deepEqual(await decodeImage(rest), whole);
  }
});

Deno.test("decodeImage: a WebP cut short anywhere is rejected", async () => {
  const bytes = await readData("lossy.webp");
  for (let length = 12; length < bytes.length; length += 19) {
    await assertRejected(
      bytes.subarray(0, length),
      `the file is cut short, it has ${length} of ${bytes.length} bytes`,
      "WebP",
    );
  }
});

Deno.test("decodeImage: damaged pixels are rejected if the format can tell", async () => {
  const png = await readData("rgb.png");
  const damaged = withChunk(png, "IDAT", (data) => data.fill(0xff, 9));
  await assertRejected(damaged, "its compressed data is damaged", "PNG");
  const moved = png.slice();
  moved[500] ^= 1; // The CRC tells, and zlib's checksum.
  await assertRejected(moved, "its compressed data is damaged", "PNG");
  png[20] ^= 1;
  await assertRejected(png, "the CRC of its chunk at byte 8 is wrong", "PNG");

  const webp = await readData("lossless.webp");
  webp.fill(0xff, 30);
  await assertRejected(webp, "its compressed data is damaged", "WebP");
});

Deno.test("decodeImage: a file without a picture in it is rejected", async () => {
  await assertRejected(
    Uint8Array.of(0xff, 0xd8, 0xff, 0xd9),
    "it contains no picture",
    "JPEG",
  );
  await assertRejected(
    ascii("RIFF\x0c\0\0\0WEBPICCP\0\0\0\0"),
    "it contains no picture",
    "WebP",
  );
  const png = await readData("rgb.png");
  png.copyWithin(8, 33); // Over the first chunk.
  await assertRejected(png, "it doesn't start with an IHDR chunk", "PNG");
});

Deno.test("decodeImage: a PNG whose header is damaged is rejected", async () => {
  const png = await readData("rgb.png");
  const withHeader = (at: number, value: number) =>
    withChunk(png, "IHDR", (data) => data[at] = value);
  const damaged = (what: string) => `its header is damaged: ${what}`;
  await assertRejected(withHeader(3, 0), damaged("0x23 pixels"), "PNG");
  await assertRejected(
    withHeader(8, 3),
    damaged("colour type 2 of 3 bits"),
    "PNG",
  );
  await assertRejected(
    withHeader(9, 5),
    damaged("colour type 5 of 8 bits"),
    "PNG",
  );
});

Deno.test("decodeImage: a small PNG that claims a million rows is rejected", async () => {
  const png = await readData("rgb.png");
  const tall = withChunk(png, "IHDR", (data) => {
    new DataView(data.buffer, data.byteOffset).setUint32(4, 1_000_000);
  });
  const missing = "the file is cut short, some of its pixels are missing";
  await assertRejected(tall, missing, "PNG");
});

Deno.test("decodeImage: a WebP's picture is that of its first chunk, whatever stands before", async () => {
  const small = await readData("lossless.webp");
  const hidden = webpHiddenBitstream(small);
  assert.deepEqual(await decodeImage(hidden), await decodeImage(small));
});

Deno.test("decodeImage: a WebP whose size stands there twice, and differs, is rejected", async () => {
  const bytes = await readData("lossy_alpha.webp");
  bytes[24]++; // In VP8X.
  await assertRejected(
    bytes,
    "its size stands there twice, and differs: 38x23 and 37x23",
    "WebP",
  );
});

Deno.test("decodeImage: an animation without a picture is rejected", async () => {
  const bytes = await readData("lossy_alpha.webp");
  bytes[20] |= 2;
  await assertRejected(bytes, "it contains no picture", "WebP");
});

Deno.test("decodeImage: the message names a file that can't be read", async () => {
  await assert.rejects(
    decodeImage("tests/data/image/none.png"),
    {
      message: 'cannot open "tests/data/image/none.png": there is no such file',
    },
  );
  const missing = new URL("none.png", dataUrl);
  await assert.rejects(
    decodeImage(missing),
    { message: `cannot open "${missing}": there is no such file` },
  );
  await assert.rejects(
    decodeImage("tests/data/image"),
    { message: 'cannot open "tests/data/image": it is a folder' },
  );
});

Deno.test("decodeImage: an HTTP error is reported", async () => {
  const { fetch } = globalThis;
  globalThis.fetch = () => Promise.resolve(new Response("", { status: 404 }));
  try {
    await assert.rejects(
      decodeImage("https://example.com/cat.jpg"),
      { message: "cannot fetch https://example.com/cat.jpg: HTTP 404" },
    );
  } finally {
    globalThis.fetch = fetch;
  }
});

Deno.test("decodeImage: the message leaves out a data: URL", async () => {
  await assert.rejects(
    decodeImage("data:text/plain,hello"),
    new SyntaxError(
      'cannot decode "data: URL": it has an unknown format; JPEG, PNG and WebP are supported',
    ),
  );
});

Deno.test("decodeImage: other types of source are rejected", async () => {
  for (const source of [null, 7]) {
    await assert.rejects(decodeImage(source as unknown as string), {
      name: "TypeError",
      message: `expected a path, a URL, bytes or a Blob, got ${source}`,
    });
  }
});

Deno.test("decodeImage: any damaged byte gives a picture or a SyntaxError", async () => {
  let rejected = 0;
  for (const [n, { file, width, height }] of goldens.decoded.entries()) {
    const bytes = await readData(file);
    for (let i = 0; i < 6; i++) {
      const at = (7 + i * 131 + n * 17) % bytes.length;
      const damaged = bytes.slice();
      damaged[at] ^= 1 << i;
      try {
        const { data } = await decodeImage(damaged, { maxPixels: 1e6 });
        assert.ok(data.length > 0 && width * height > 0);
      } catch (error) {
        rejected++;
        const { name } = error as Error;
        assert.ok(
          name === "SyntaxError" || name === "RangeError",
          `${file} ${at} ${error}`,
        );
      }
    }
  }
  assert.ok(rejected > 50);
});

Deno.test("decodeImage: the decoder survives a thousand damaged files", async () => {
  const good = await readData("rgb.png");
  const bad = withChunk(good, "IDAT", (data) => data.fill(0xff, 9));
  for (let i = 0; i < 1000; i++) {
    await assert.rejects(decodeImage(bad), SyntaxError);
  }
  const { data } = await decodeImage(good);
  assert.equal(data.length, 37 * 23 * 3);
});
