/** The explorer's parts that need no browser. */

import assert from "node:assert/strict";
import { createModel, decodeImage } from "../../mod.ts";
import { similarityMap } from "../../src/maps/mod.ts";
import { parseClassNames } from "../../examples/browser/class_names.ts";
import {
  cosines,
  mapOf,
  sideBySide,
  valuesAt,
} from "../../examples/browser/maps.ts";
import {
  firstScreen,
  formatScreen,
  parseScreen,
  type Screen,
} from "../../examples/browser/screen.ts";
import { closeTo } from "../support/close.ts";

Deno.test("explorer: a screen and its hash", () => {
  const full: Screen = {
    pictures: ["a picture.png", "b&c=#.jpg"],
    layer: "layer2.0.bn1",
    map: 12,
    mark: { side: 1, row: 3, column: 14 },
    evidence: 281,
    order: "channel",
    scale: "all",
    all: true,
    theme: "dark",
  };
  assert.deepEqual(parseScreen(formatScreen(full)), full);
  for (const [key, value] of Object.entries(full)) {
    const screen = {
      ...parseScreen(""),
      pictures: full.pictures,
      [key]: value,
    };
    assert.deepEqual(parseScreen(formatScreen(screen)), screen, key);
  }
  const { pictures, ...rest } = parseScreen("");
  assert.deepEqual({ pictures, ...rest }, { ...rest, ...firstScreen });
  assert.equal(formatScreen(firstScreen), "");
  for (
    const hash of [
      "#map=-1&place=4&class=x&order=up&show=some&theme=pink",
      "#map=1e9&place=1-2-3&side=1&scale=",
      "#%E0%A4%A",
    ]
  ) assert.equal(formatScreen(parseScreen(hash)), "", hash);
});

Deno.test("explorer: names of classes, one on each line or as a JSON list", () => {
  assert.deepEqual(parseClassNames("cat\r\ntabby, tom\n"), [
    "cat",
    "tabby, tom",
  ]);
  assert.deepEqual(parseClassNames(` ["cat", "dog"]`), ["cat", "dog"]);
  for (const text of ["", " \n", `["cat", 1]`, `{"0": "cat"}`, "[cat]"]) {
    assert.throws(() => parseClassNames(text), SyntaxError, text);
  }
});

Deno.test("explorer: two pictures' maps side by side", () => {
  const left = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 1, 2] };
  const right = { data: Float32Array.of(5, 6, 7, 8), shape: [2, 1, 2] };
  const both = sideBySide(left, right);
  assert.deepEqual(both.shape, [2, 3, 2]);
  assert.deepEqual(mapOf(both, 1), {
    data: Float32Array.of(2, NaN, 6, 4, NaN, 8),
    shape: [2, 3],
  });
});

Deno.test("explorer: similar places are similarityMap's, also in another picture", async () => {
  using model = await createModel("mlnet_resnet18", "layer3", true);
  const inputs = model.preprocess([
    await decodeImage("examples/images/chelsea.png"),
    await decodeImage("examples/images/coffee.png"),
  ]);
  const value = model.forward(inputs);
  const data = new Float32Array(await value.data());
  const shape = value.shape.slice(1);
  const size = data.length / 2;
  const [cat, coffee] = [0, 1].map((i) => ({
    data: data.subarray(i * size, (i + 1) * size),
    shape,
  }));
  const map = similarityMap(model, inputs, "layer3", [3, 4]);
  const expected = await map.data<"float32">();
  const places = shape[0] * shape[1];
  [cat, coffee].forEach((maps, i) => {
    const own = cosines(maps, valuesAt(maps, 3, 4));
    assert.deepEqual(own.shape, shape.slice(0, 2));
    closeTo(own.data, expected.subarray(i * places, (i + 1) * places), 1e-5);
  });
  // A cosine doesn't depend on which of the two comes first.
  const there = cosines(coffee, valuesAt(cat, 3, 4)).data[5 * shape[1] + 6];
  const back = cosines(cat, valuesAt(coffee, 5, 6)).data[3 * shape[1] + 4];
  assert(there > 0 && there < 0.99);
  assert(Math.abs(there - back) < 1e-6);
  for (const tensor of [inputs, value, map]) tensor.dispose();
});
