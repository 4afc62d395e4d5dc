/**
 * A tour of Layertap, offline, with the included network and pictures: `deno task demo`.
 *
 * @module
 */

import {
  createModel,
  decodeImage,
  embed,
  encodePng,
  type RgbImage,
  startBackend,
  toNCHW,
} from "@layertap/resnet";
import { featureMapGrid } from "@layertap/resnet/maps";

const { build, threads } = await startBackend();
title("The backend");
console.log(`tfjs-backend-wasm's ${build} build, threads: ${threads}`);

title("From chelsea.png to the features of layer4");
const chelsea = await decodeImage("examples/images/chelsea.png");
using model = await createModel("mlnet_resnet18", null, true);
using front = model.truncate("layer4"); // Shares the weights.
const input = front.preprocess(chelsea);
const [cold, ...warm] = Array.from({ length: 6 }, () => {
  const start = performance.now();
  front.forward(input).dispose();
  return Math.round(performance.now() - start);
});
console.log(`time: ${cold} ms; warm: ${warm.join(", ")} ms`);
const maps = front.forward(input);
console.log(`shape: [${maps.shape.join(", ")}] in NHWC, as in tfjs`);
console.log(`       [${toNCHW(maps).shape.join(", ")}] in NCHW, as in PyTorch`);
const [means] = await embed(front, input).array();
const channels = means.map((_, i) => `channel ${i}`);
console.log("the strongest channels, by mean over height and width:");
for (const { name, value } of descending(channels, means, 5)) {
  console.log(`  ${name.padEnd(13)}${value.toFixed(2).padStart(6)}`);
}

title("The network up to layer4");
const table = front.summary([3, 224, 224], { style: "torchinfo", depth: 2 });
console.log(`${table}`);

title("All 512 feature maps in one picture");
const grid = await featureMapGrid(maps);
await Deno.mkdir("out", { recursive: true });
await Deno.writeFile("out/chelsea_layer4.png", await encodePng(grid));
console.log(`out/chelsea_layer4.png, ${grid.width}x${grid.height} pixels`);

title("Are the features meaningful? Cosines of avgpool");
const pictures = new Map([
  ["chelsea", chelsea],
  ["mirrored", mirrored(chelsea)],
  ["astronaut", await decodeImage("examples/images/astronaut.png")],
  ["coffee", await decodeImage("examples/images/coffee.png")],
  ["rocket", await decodeImage("examples/images/rocket.jpg")],
]);
const names = [...pictures.keys()];
const vectors = await embed(model, [...pictures.values()]).array();
const cosines = vectors.map((a) => vectors.map((b) => cosine(a, b)));
console.log(row("", names));
for (const [i, name] of names.entries()) {
  console.log(row(name, cosines[i].map(rounded)));
}
const [self, nearest, next] = descending(names, cosines[0], 3);
console.log(`
The most similar to ${self.name} is ${nearest.name} (${rounded(nearest.value)}),
then ${next.name} (${rounded(next.value)}).`);
if (nearest.name === "mirrored") {
  console.log("As expected: it is the same cat, mirrored.");
} else {
  console.error("Expected the same cat, mirrored.");
  Deno.exitCode = 1;
}

function title(text: string): void {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}

/** The names with the largest values. */
function descending(names: string[], values: number[], count: number) {
  return names.map((name, i) => ({ name, value: values[i] }))
    .sort((a, b) => b.value - a.value)
    .slice(0, count);
}

function mirrored({ width, height, data }: RgbImage): RgbImage {
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x);
      const to = 3 * (y * width + width - 1 - x);
      flipped.set(data.subarray(from, from + 3), to);
    }
  }
  return { width, height, data: flipped };
}

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) =>
    x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function rounded(value: number): string {
  return value.toFixed(3);
}

function row(name: string, cells: string[]): string {
  return name.padEnd(10) + cells.map((cell) => cell.padStart(11)).join("");
}
