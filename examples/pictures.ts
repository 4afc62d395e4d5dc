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
  type Tensor4D,
} from "@layertap/resnet";
import {
  featureMapGrid,
  figure,
  occlusionMap,
  similarityMap,
} from "@layertap/resnet/maps";

using model = await createModel("mlnet_resnet18", null, true);
const chelsea = await decodeImage("examples/images/chelsea.png");
const input = model.preprocess(chelsea);
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

await write(
  "chelsea_maps",
  await figure(model, chelsea, {
    "layer3, channel 122": (x) => channel(x, "layer3", 122), // It responds to eyes.
    "layer4, like the nose": (x) => similarityMap(model, x, "layer4", [5, 7]),
    "what matters most": (x) => occlusionMap(model, x),
  }, { original: true, crop: "none", width: 1000, dpi: 150 }),
);

/** A channel of a layer. */
function channel(input: Tensor4D, layer: string, index: number): Tensor {
  const { [layer]: maps } = model.extract(input, [layer]);
  const map = tf.gather(maps, index, 3);
  maps.dispose();
  return map;
}

async function write(name: string, picture: RgbImage): Promise<void> {
  const path = `examples/${name}.png`;
  await Deno.writeFile(path, await encodePng(picture));
  console.log(`${path}, ${picture.width}x${picture.height} pixels`);
}
