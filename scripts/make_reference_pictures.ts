/**
 * Writes the pictures that tests/drawing/reference_test.ts compares pixel by pixel. Look at each of
 * them before you commit a change.
 *
 *     deno run --allow-read=. --allow-write=tests/data scripts/make_reference_pictures.ts tests/data/output
 */

import { encodePng } from "../src/image/encode_png.ts";
import { referencePictures } from "../tests/support/reference_pictures.ts";

const [folder] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
for (const [name, draw] of Object.entries(referencePictures)) {
  await Deno.writeFile(`${folder}/${name}.png`, await encodePng(await draw()));
}
