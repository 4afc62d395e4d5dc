/**
 * Draws the README's pictures with the included network: `deno task pictures`.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import {
  createModel,
  decodeImage,
  encodePng,
  type RgbImage,
  type Tensor,
  unprocess,
} from "@layertap/resnet";
import {
  featureMapGrid,
  occlusionMap,
  overlayMap,
  similarityMap,
} from "@layertap/resnet/maps";

using model = await createModel("mlnet_resnet18", null, true);
const chelsea = await decodeImage("examples/images/chelsea.png");
const input = model.preprocess(chelsea);
const [crop] = await unprocess(input, model.preset);
const { layer3, layer4 } = model.extract(input, ["layer3", "layer4"]);

await write("chelsea_layer4", await featureMapGrid(layer4));

await write(
  "chelsea_layer3",
  await featureMapGrid(layer3, {
    strongest: 24,
    columns: 12,
    cell: 112,
    scale: "all",
    labels: true,
    colorBar: true,
  }),
);

const eyes = tf.gather(layer3, 122, 3); // The channel that responds to eyes.
const over = async (map: Tensor) => await overlayMap(crop, map);
await write(
  "chelsea_maps",
  beside([
    crop,
    await over(eyes),
    await over(similarityMap(model, input, "layer4", [5, 4])), // The nose.
    await over(await occlusionMap(model, input)),
  ]),
);

async function write(name: string, picture: RgbImage): Promise<void> {
  const path = `examples/${name}.png`;
  await Deno.writeFile(path, await encodePng(picture));
  console.log(`${path}, ${picture.width}x${picture.height} pixels`);
}

/** Joins pictures of the same height in a row, on white. */
function beside(pictures: RgbImage[]): RgbImage {
  const gap = 8;
  const { height } = pictures[0];
  const width = pictures.reduce((sum, { width }) => sum + width + gap, -gap);
  const data = new Uint8Array(width * height * 3).fill(255);
  let left = 0;
  for (const picture of pictures) {
    for (let y = 0; y < height; y++) {
      const row = 3 * y * picture.width;
      const pixels = picture.data.subarray(row, row + 3 * picture.width);
      data.set(pixels, 3 * (y * width + left));
    }
    left += picture.width + gap;
  }
  return { width, height, data };
}
