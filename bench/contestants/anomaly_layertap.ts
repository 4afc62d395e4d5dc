/**
 * Layertap's side of the bench of anomaly maps:
 * `deno run anomaly_layertap.ts <pictures.npy> <coreset> <how many to score>`.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { createModel, fromNCHW } from "../../mod.ts";
import { fitPatchCore } from "../../src/anomaly/mod.ts";
import { decodeNpy } from "../../src/formats/npy.ts";

const [pictures, coreset, scored] = Deno.args;
using model = await createModel("mlnet_resnet18", "layer3", true);
const { data, shape } = decodeNpy(await Deno.readFile(pictures), pictures);
const size = 3 * 224 * 224;
const inputs = Array.from({ length: shape[0] }, (_, i) => {
  const one = data.subarray(i * size, (i + 1) * size) as Float32Array;
  return fromNCHW(tf.tensor4d(one, [1, 3, 224, 224]));
});
const options = { coreset: Number(coreset), holdOut: 0 };
{
  const few = `${pictures}.few.npy`;
  using small = await fitPatchCore(model, [few], options);
  await small.score(inputs[0]);
}
let start = performance.now();
using bank = await fitPatchCore(model, [pictures], options);
const fit = (performance.now() - start) / 1000;
start = performance.now();
const scores: number[] = [];
for (const input of inputs.slice(0, Number(scored))) {
  scores.push((await bank.score(input)).score);
}
const score = (performance.now() - start) / 1000 / scores.length;
console.log(JSON.stringify({ fit, score, scores, patches: bank.shape[0] }));
