/** How pictures are read for a network: orientation, limits, warnings. */

import assert from "node:assert/strict";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { startInputLoader } from "../../src/extract/input_loader.ts";
import { loadInput } from "../../src/extract/load_input.ts";
import { withChunk } from "../image/support.ts";

const turned = "tests/data/image/orientation6.jpg";
const preset = { ...imagenetPreset, resizeSize: 20, cropSize: 20 };

/** A PNG whose header tells of 89,491,600 pixels, which are missing. */
async function claimsMany() {
  const png = await Deno.readFile("tests/data/image/rgb.png");
  return withChunk(png, "IHDR", (data) => {
    new DataView(data.buffer, data.byteOffset).setUint32(0, 9460);
    new DataView(data.buffer, data.byteOffset).setUint32(4, 9460);
  }).subarray(0, 50);
}

for (const threads of [0, 1]) {
  Deno.test(`reading in ${threads} threads: exifOrientation, maxPixels, warn`, async () => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const options = { exifOrientation: true, warn };
    await using loader = startInputLoader(preset, threads, options);
    assert.deepEqual(
      await loader.load(turned),
      await loadInput(turned, preset, { exifOrientation: true }),
    );
    assert.notDeepEqual(
      await loader.load(turned),
      await loadInput(turned, preset),
    );
    const content = await claimsMany();
    await assert.rejects(loader.load({ path: "a.png", content }), /cut short/);
    assert.deepEqual(warnings, [
      '"a.png" has 89491600 pixels (9460x9460); set maxPixels if you expect so many',
    ]);
    await using strict = startInputLoader(preset, threads, { maxPixels: 850 });
    await assert.rejects(strict.load(turned), {
      name: "RangeError",
      message: /it has 851 pixels \(37x23\); maxPixels is 850/,
    });
  });
}
