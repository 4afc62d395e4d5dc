/** The presets of timm and transformers, beside what they make of pictures. */

import assert from "node:assert/strict";
import { decodeImage } from "../../src/image/decode.ts";
import { normalize, resizeAndCrop } from "../../src/image/transform.ts";
import { compareDigest } from "../support/digest.ts";
import {
  type GoldenPreset,
  presetOf,
  repositories,
} from "../support/preset_goldens.ts";
import { photosUrl, sha256 } from "./support.ts";

const digests = new Float32Array(
  (await Deno.readFile("tests/data/presets/pixels.f32")).buffer,
);

/** Each transform once. */
const presets = new Map<string, GoldenPreset>();
for (const repository of repositories) {
  for (const preset of [repository.default, repository.test]) {
    if (preset) presets.set(JSON.stringify(preset), preset);
  }
}

Deno.test("transform: timm's and transformers' pixels, bit for bit, and their values", async () => {
  assert.equal(presets.size, 19);
  const pictures = new Map<string, Awaited<ReturnType<typeof decodeImage>>>();
  for (const golden of presets.values()) {
    const preset = presetOf(golden), { cropSize: side } = preset;
    for (const { picture, offset, length, cropSha256 } of golden.pixels) {
      if (!pictures.has(picture)) {
        pictures.set(picture, await decodeImage(new URL(picture, photosUrl)));
      }
      const [crop] = resizeAndCrop(pictures.get(picture)!, preset);
      const what = `${picture} by ${JSON.stringify(preset)}`;
      assert.equal(
        await sha256(crop.data as Uint8Array<ArrayBuffer>),
        cropSha256,
        what,
      );
      const values = normalize([crop], preset);
      const nchw = Float32Array.from(
        values,
        (_, i) => values[i % side ** 2 * 3 + Math.floor(i / side ** 2)],
      );
      const want = digests.subarray(offset, offset + length);
      compareDigest(what, nchw, [1, 3, side, side], want);
    }
  }
});
