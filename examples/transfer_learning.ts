/**
 * Transfer learning on a CPU: a new head for classes the network wasn't trained on.
 *
 * Each of four pictures is a class. The head learns from crops of the left halves and is tested on
 * mirrored crops of the right halves.
 *
 *     deno run --allow-read=. examples/transfer_learning.ts
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import {
  classify,
  createModel,
  decodeImage,
  embed,
  type RgbImage,
} from "@layertap/resnet";
import { fitLinear } from "@layertap/resnet/fit";

const files = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"];
const labels = ["astronaut", "cat", "coffee", "rocket"];
const cropsPerPicture = 12;

/** A square part of a picture, mirrored on request. */
function crop(
  { data, width }: RgbImage,
  left: number,
  top: number,
  side: number,
  mirrored: boolean,
): RgbImage {
  const part = new Uint8Array(3 * side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = 3 *
        ((top + y) * width + left + (mirrored ? side - 1 - x : x));
      part.set(data.subarray(from, from + 3), 3 * (y * side + x));
    }
  }
  return { width: side, height: side, data: part };
}

/** Crops of one half, from top to bottom. */
function cropsOf(image: RgbImage, half: "left" | "right"): RgbImage[] {
  const side = Math.floor(Math.min(image.width / 2, image.height) * 0.8);
  const room = Math.floor(image.width / 2) - side;
  return Array.from({ length: cropsPerPicture }, (_, i) => {
    const share = i / (cropsPerPicture - 1);
    const x = Math.floor(room * (i % 3) / 2);
    const left = half === "left" ? x : image.width - side - x;
    const top = Math.floor((image.height - side) * share);
    return crop(image, left, top, side, half === "right");
  });
}

const images = await Promise.all(
  files.map((file) => decodeImage(`examples/images/${file}`)),
);
const classes = images.flatMap((_, label) =>
  Array(cropsPerPicture).fill(label)
);
using features = await createModel("mlnet_resnet18", "flatten", true);

const start = performance.now();
const rows = images.map((image) => embed(features, cropsOf(image, "left")));
const inputs = tf.concat(rows);
const extracted = performance.now();
const head = await fitLinear(inputs, classes, { kind: "softmax", l2: 1 });
const fitted = performance.now();
tf.dispose([...rows, inputs]);
console.log(
  `${classes.length} crops: features in ${
    (extracted - start).toFixed(0)
  } ms, ` +
    `head in ${(fitted - extracted).toFixed(0)} ms`,
);

using model = features.withHead(head);
let right = 0;
for (const [label, image] of images.entries()) {
  const results = await classify(model, cropsOf(image, "right"), {
    labels,
    top: 1,
  });
  const names = results.map(([{ label }]) => label);
  const hits = names.filter((name) => name === labels[label]).length;
  right += hits;
  console.log(`${labels[label].padEnd(10)} ${hits} of ${names.length} correct`);
}
console.log(
  `accuracy on mirrored crops of the other halves: ${
    (100 * right / classes.length).toFixed(1)
  } %`,
);
