/** Pictures as people have them: tests/data/cases, made by scripts/make_case_pictures.py. */

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { decodeImage, type DecodeOptions } from "../../src/image/decode.ts";

interface Case {
  readonly file: string;
  readonly kind: string;
  readonly what: string;
  readonly options?: DecodeOptions;
  /** What is right: pixels, an error with these words, or either. */
  readonly offset?: number;
  readonly width: number;
  readonly height: number;
  readonly error?: readonly string[];
  readonly size?: readonly [width: number, height: number];
  readonly notes?: readonly string[];
}

const folder = new URL("../data/cases/", import.meta.url);
const read = (path: string) => Deno.readFileSync(new URL(path, folder));
const cases: readonly Case[] = JSON.parse(
  new TextDecoder().decode(read("pictures.json")),
);
const rgb = read("pictures.rgb");

const open = (file: string) =>
  new File([gunzipSync(read(`pictures/${file}.gz`))], file);

/** Turned as by Pillow 11.3 and later; 9.4, which made the cases, refuses it. */
const newerPillow = ["exif_orientation/exif_with_header.png"];

for (
  const { file, what, options, offset, width, height, error, size } of cases
) {
  if (size || newerPillow.includes(file)) continue;
  Deno.test(`${file}: ${what}`, async () => {
    const image = await decodeImage(open(file), options).catch((e) => e);
    if (image instanceof Error) {
      assert(error, image.message);
      assert.match(image.name, /^(Syntax|Range)Error$/);
      assert.ok(image.message.startsWith(`cannot decode "${file}"`));
      for (const word of error) assert.ok(image.message.includes(word), word);
      return;
    }
    assert.ok(offset !== undefined, "this file should be refused");
    assert.deepEqual([image.width, image.height], [width, height]);
    const data = rgb.subarray(offset, offset + 3 * width * height);
    assert.deepEqual(image.data, new Uint8Array(data));
  });
}

Deno.test("cases: there are enough of each kind", () => {
  const kinds = Map.groupBy(cases, ({ kind }) => kind);
  assert.deepEqual([...kinds.keys()], [
    "png_ancillary",
    "png_end",
    "pictures",
    "exif_orientation",
    "limits",
  ]);
  for (const [kind, files] of kinds) assert(files.length > 5, kind);
});

Deno.test("eXIf that begins with Exif is read, as by newer versions of Pillow", async () => {
  const options = { exifOrientation: true };
  for (const file of newerPillow) {
    const { width, height } = await decodeImage(open(file), options);
    assert.deepEqual([width, height], [20, 31]);
  }
});

/** Stops behind the header, before hundreds of megabytes are decoded. */
const noDecoder = {
  png: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
};

for (const { file, what, size, notes = [], error } of cases) {
  if (!size) continue;
  Deno.test(`${file}: ${what}`, async () => {
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const options = { warn, modules: noDecoder };
    const refused = decodeImage(open(file), options);
    const pattern = error ? new RegExp(error.join(".*")) : /damaged/;
    await assert.rejects(refused, pattern);
    assert.equal(warnings.length, notes.length);
    for (const [i, note] of notes.entries()) {
      assert.ok(warnings[i].includes(note));
    }

    const maxPixels = size[0] * size[1];
    await assert.rejects(decodeImage(open(file), { ...options, maxPixels }), {
      name: "SyntaxError",
    });
    assert.equal(warnings.length, notes.length, "asked for, so no warning");
    await assert.rejects(
      decodeImage(open(file), { ...options, maxPixels: maxPixels - 1 }),
      {
        name: "RangeError",
        message: `cannot decode "${file}" as PNG: it has ${maxPixels} pixels (${
          size.join("x")
        }); maxPixels is ${maxPixels - 1}`,
      },
    );
  });
}
