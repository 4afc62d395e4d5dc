/** `embed`. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type ArchRow, createModel, decodeImage, embed } from "../../mod.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { tensorTest } from "../support/leaks.ts";

const tiny: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 4,
};
const files = ["chelsea.png", "rocket.jpg", "coffee.png"]
  .map((name) => `examples/images/${name}`);
const pictures = await Promise.all(files.map((file) => decodeImage(file)));

tensorTest(
  "embed: flatten's value, else the mean of the output",
  async () => {
    using model = await createModel(tiny, null, formulaCheckpoint(tiny));
    const input = model.preprocess(pictures);
    const { flatten, layer2 } = model.extract(input, ["flatten", "layer2"]);
    const wanted = await flatten.data();

    using uptoFlatten = model.truncate("flatten");
    using uptoPool = model.truncate("avgpool");
    using uptoMaps = model.truncate("layer4");
    for (const some of [model, uptoFlatten, uptoPool, uptoMaps]) {
      const vectors = embed(some, pictures);
      assert.deepEqual(vectors.shape, [3, 512]);
      closeTo(await vectors.data(), wanted);
      vectors.dispose();
    }

    using front = model.truncate("layer2");
    const vectors = embed(front, input);
    const [n, h, w, c] = layer2.shape;
    const maps = await layer2.data();
    const means = new Float64Array(n * c);
    maps.forEach((value, i) =>
      means[Math.floor(i / (h * w * c)) * c + i % c] += value / (h * w)
    );
    assert.deepEqual(vectors.shape, [3, 128]);
    closeTo(await vectors.data(), means);

    const one = embed(front, pictures[1]);
    assert.deepEqual(one.shape, [1, 128]);
    closeTo(await one.data(), means.subarray(c, 2 * c));
    tf.dispose([input, flatten, layer2, vectors, one]);
  },
);
