/** What the image tests share: the goldens of scripts/make_image_goldens.py. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { imagenetPreset, type Preset } from "../../src/arch/preset.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { type Filter, resize } from "../../src/image/resize.ts";
import type { RgbImage } from "../../src/image/rgb_image.ts";
import { normalize, resizeAndCrop } from "../../src/image/transform.ts";

export const dataUrl = new URL("../data/image/", import.meta.url);
export const photosUrl = new URL("../../examples/images/", import.meta.url);

export interface Goldens {
  readonly decoded: readonly {
    readonly file: string;
    readonly oriented: boolean;
    readonly width: number;
    readonly height: number;
    readonly offset: number;
  }[];
  readonly resized: readonly {
    readonly from: readonly [number, number];
    readonly to: readonly [number, number];
    readonly sha256: string;
    readonly samples: Readonly<Record<string, number>>;
  }[];
  readonly transformed: readonly {
    readonly image: string | readonly [number, number];
    readonly resizeSize: number;
    readonly cropSize: number;
    readonly decodedSha256: string;
    readonly cropSha256: string;
    readonly normalizedSha256: string;
    readonly middlePixel: readonly number[];
    readonly lastPixel: readonly number[];
  }[];
}

export const goldens: Goldens = JSON.parse(
  await Deno.readTextFile(new URL("goldens.json", dataUrl)),
);

export function readData(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(file, dataUrl));
}

export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}

/** The same hashed counters as `noise` in scripts/make_image_goldens.py. */
export function noise(width: number, height: number): RgbImage {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    i = Math.imul(i ^ (i >>> 15), 2246822519);
    i = Math.imul(i ^ (i >>> 13), 3266489917);
    return i >>> 24;
  });
  return { width, height, data };
}

/** The pixel at a column and row. */
export function pixelAt({ width, data }: RgbImage, x: number, y: number) {
  return [...data.subarray(3 * (y * width + x)).subarray(0, 3)];
}

/** Checks a resized picture against PIL's. */
export async function checkResize(
  { from, to, samples, sha256: digest }: Goldens["resized"][number],
  filter: Filter,
): Promise<void> {
  const { data } = resize(noise(...from), ...to, filter);
  assert.equal(data.length, 3 * to[0] * to[1]);
  for (const [at, value] of Object.entries(samples)) {
    assert.equal(data[Number(at)], value, `byte ${at}`);
  }
  assert.equal(await sha256(data), digest);
}

/** Checks a transformed picture against torchvision's. */
export async function checkTransform(
  { image, resizeSize, cropSize, ...golden }: Goldens["transformed"][number],
  interpolation: Preset["interpolation"],
): Promise<void> {
  const preset = { ...imagenetPreset, interpolation, resizeSize, cropSize };
  const picture = typeof image === "string"
    ? await decodeImage(new URL(image, photosUrl))
    : noise(...image);
  const [crop] = resizeAndCrop(picture, preset);
  assert.deepEqual([crop.width, crop.height], [cropSize, cropSize]);
  assert.equal(crop.data.length, 3 * cropSize ** 2);
  const middle = cropSize >> 1, last = cropSize - 1;
  assert.deepEqual(pixelAt(crop, middle, middle), golden.middlePixel);
  assert.deepEqual(pixelAt(crop, last, last), golden.lastPixel);
  assert.equal(await sha256(crop.data), golden.cropSha256);
  const values = normalize([crop], preset);
  assert.equal(
    await sha256(new Uint8Array(values.buffer)),
    golden.normalizedSha256,
  );
}

/** A copy of a PNG file with the data of one chunk changed, and its CRC. */
export function withChunk(
  png: Uint8Array,
  type: string,
  change: (data: Uint8Array) => void,
): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(png);
  const view = new DataView(copy.buffer);
  const at = Buffer.from(copy.buffer).indexOf(type);
  const end = at + 4 + view.getUint32(at - 4);
  change(copy.subarray(at + 4, end));
  view.setUint32(end, crc32(copy.subarray(at, end)));
  return copy;
}
