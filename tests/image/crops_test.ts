/** Regions, several crops and whole pictures, equal to torchvision's. */

import assert from "node:assert/strict";
import { imagenetPreset, type Preset } from "../../src/arch/preset.ts";
import type { PreprocessOptions } from "../../src/image/crops.ts";
import { decodeAndCrop, decodeImage } from "../../src/image/decode.ts";
import type { Region } from "../../src/image/region.ts";
import { toRgb } from "../../src/image/rgb_image.ts";
import { normalize, resizeAndCrop } from "../../src/image/transform.ts";
import { readBytes } from "../../src/runtime/open_source.ts";
import { dataUrl, noise, photosUrl, readData, sha256 } from "./support.ts";

interface Golden extends Preset {
  readonly image: string | readonly [number, number];
  readonly crop: NonNullable<PreprocessOptions["crop"]>;
  readonly region: Region | null;
  readonly shape: readonly number[];
  readonly pixels: string;
  readonly normalized: string;
}

const goldens: readonly Golden[] = JSON.parse(
  await Deno.readTextFile(new URL("crops.json", dataUrl)),
);

for (const kind of ["center", "five", "ten", "none"] as const) {
  Deno.test(`crop: "${kind}" equals torchvision's`, async () => {
    const own = goldens.filter(({ crop }) => crop === kind);
    assert(own.length >= 4);
    for (const { image, crop, region, ...golden } of own) {
      const preset = { ...imagenetPreset, ...golden };
      const isFile = typeof image === "string";
      const url = isFile ? new URL(image, photosUrl) : undefined;
      const picture = isFile ? await decodeImage(url!) : noise(...image);
      const options = { region: region ?? undefined, crop };
      const crops = resizeAndCrop(picture, preset, options);
      const what = JSON.stringify({ image, region, ...golden });
      const [{ width, height }] = crops;
      assert.deepEqual([crops.length, height, width, 3], golden.shape, what);
      const pixels = new Uint8Array(crops.flatMap(({ data }) => [...data]));
      assert.equal(await sha256(pixels), golden.pixels, what);
      const values = new Uint8Array(normalize(crops, preset).buffer);
      assert.equal(await sha256(values), golden.normalized, what);
      if (!url || crop === "five" || crop === "ten") continue;
      const frame = { region: options.region, crop };
      const read = await decodeAndCrop(await readBytes(url), preset, frame);
      assert.deepEqual(read, crops[0], what);
    }
  });
}

Deno.test("a region of a file is that of the decoded picture, turned ones included", async () => {
  const preset = { ...imagenetPreset, resizeSize: 15, cropSize: 12 };
  const region = [2, 5, 17, 14] as const;
  for (
    const file of ["orientation6.jpg", "420.jpg", "rgba.png", "lossy.webp"]
  ) {
    const bytes = await readData(file);
    for (const exifOrientation of [false, true]) {
      const whole = await decodeImage(bytes, { exifOrientation });
      const part = await decodeImage(bytes, { exifOrientation, region });
      assert.deepEqual([part.width, part.height], [17, 14]);
      assert.deepEqual(part, toRgb(whole, region), file);
      for (const crop of ["center", "none"] as const) {
        assert.deepEqual(
          [
            await decodeAndCrop({ name: "", bytes }, preset, {
              ...{ exifOrientation, region, crop },
            }),
          ],
          resizeAndCrop(part, preset, { crop }),
          file,
        );
      }
    }
  }
});

Deno.test("a region must lie within the picture, and has no draft", async () => {
  const image = noise(40, 30);
  const message = (got: string) =>
    `region: expected [x, y, width, height], integers within 40x30 pixels, got ${got}`;
  for (
    const region of [
      [0, 0, 41, 30],
      [-1, 0, 4, 4],
      [10, 29, 4, 2],
      [0, 0, 0, 4],
      [0, 0, 1.5, 4],
      [NaN, 0, 4, 4],
      [0, 0, 4],
    ]
  ) {
    const got = `[${region.join(", ")}]`;
    assert.throws(
      () => toRgb(image, region as unknown as Region),
      new RangeError(message(got)),
    );
  }
  const photo = new URL("rocket.jpg", photosUrl);
  await assert.rejects(
    decodeImage(photo, { region: [600, 0, 41, 1] }),
    /within 640x427 pixels, got \[600, 0, 41, 1\]/,
  );
  await assert.rejects(
    decodeImage(photo, { region: [0, 0, 9, 9], draft: [99, 99] }),
    new RangeError(
      "draft: expected no region with it, got [0, 0, 9, 9]; leave one out",
    ),
  );
});

Deno.test("crops that a picture is too small or too large for", async () => {
  const preset = { ...imagenetPreset, resizeSize: 20, cropSize: 21 };
  for (const crop of ["five", "ten"] as const) {
    assert.throws(
      () => resizeAndCrop(noise(40, 20), preset, { crop }),
      new RangeError(
        `picture: expected at least 21x21 pixels after resizing, for "${crop}", got 40x20`,
      ),
    );
  }
  assert.throws(
    () => resizeAndCrop(noise(1, 100_000), preset, { crop: "nine" as "none" }),
    new RangeError(
      'crop: expected "center", "five", "ten" or "none", got "nine"',
    ),
  );
  const tooLarge = new RangeError(
    "picture: expected at most 178956970 pixels after resizing, got 256x25600000; crop it",
  );
  const tall = noise(1, 100_000);
  assert.throws(
    () => resizeAndCrop(tall, imagenetPreset, { crop: "none" }),
    tooLarge,
  );
  const bytes = (await readBytes(new URL("rocket.jpg", photosUrl))).bytes;
  const huge = { ...imagenetPreset, resizeSize: 20_000 };
  await assert.rejects(
    decodeAndCrop({ name: "", bytes }, huge, { crop: "none" }),
    { name: "RangeError", message: /got 29976x20000; crop it$/ },
  );
});
