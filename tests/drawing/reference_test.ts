/** Pictures, pixel by pixel, against those of scripts/make_reference_pictures.ts, which were checked by eye. */

import assert from "node:assert/strict";
import { decodeImage } from "../../src/image/decode.ts";
import { referencePictures } from "../support/reference_pictures.ts";

for (const [name, draw] of Object.entries(referencePictures)) {
  Deno.test(`the reference picture ${name}`, async () => {
    const url = new URL(`../data/output/${name}.png`, import.meta.url);
    const want = await decodeImage(await Deno.readFile(url));
    const got = await draw();
    assert.deepEqual([got.width, got.height], [want.width, want.height]);
    const differs = want.data.findIndex((value, i) => got.data[i] !== value);
    assert.equal(differs, -1, `byte ${differs} differs`);
  });
}
