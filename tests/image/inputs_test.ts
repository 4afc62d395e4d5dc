/** Pictures that aren't bytes: tensors; and what a runtime without a canvas says of others. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  classify,
  createModel,
  decodeImage,
  embed,
  preprocess,
  startBackend,
  toRgb,
} from "../../mod.ts";
import { overlayMap } from "../../src/maps/mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { tensorTest } from "../support/leaks.ts";
import { noise } from "./support.ts";

const row = {
  name: "inputs",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 5,
} as const;
const photo = await decodeImage("examples/images/chelsea.png");
await startBackend();

/** A picture as tensors of both kinds, with and without alpha. */
function tensorsOf({ width, height, data }: typeof photo): tf.Tensor3D[] {
  const shape: [number, number, number] = [height, width, 3];
  const levels = tf.tensor3d(data, shape, "int32");
  const alpha = tf.zeros<tf.Rank.R3>([height, width, 1], "int32");
  return [
    levels,
    tf.concat([levels, alpha], 2),
    tf.div(levels, 255),
    tf.div(tf.concat([levels, alpha], 2), 255),
  ];
}

tensorTest("a tensor of every level gives its picture back", async () => {
  const image = noise(64, 40);
  assert.equal(new Set(image.data).size, 256);
  for (const tensor of tf.tidy(() => tensorsOf(image))) {
    assert.deepEqual(toRgb(tensor), image);
    assert.deepEqual(
      toRgb(tensor, [3, 5, 20, 7]),
      toRgb(image, [3, 5, 20, 7]),
    );
    assert.equal((await tensor.data()).length, tensor.size);
    tensor.dispose();
  }
});

tensorTest("a tensor does where a picture does", async () => {
  using model = await createModel(row, null, formulaCheckpoint(row));
  const [tensor, ...others] = tf.tidy(() => tensorsOf(photo));
  const input = model.preprocess(photo), same = preprocess([tensor]);
  const values = await input.data();
  assert(values.some((value) => value !== values[0]));
  assert.deepEqual(await same.data(), values);

  const classes = await classify(model, photo);
  assert.deepEqual(await classify(model, tensor), classes);
  assert.deepEqual(await classify(model, [tensor]), [classes]);
  assert.deepEqual(await classify(model, input), [classes]);
  const [wanted, vector] = [embed(model, photo), embed(model, tensor)];
  assert.deepEqual(await vector.data(), await wanted.data());
  const map = tf.tensor2d([[0, 1], [2, 3]]);
  assert.deepEqual(await overlayMap(tensor, map), await overlayMap(photo, map));
  tf.dispose([tensor, others, input, same, wanted, vector, map]);
});

tensorTest(
  "several crops follow each other; their mean is a prediction",
  async () => {
    using model = await createModel(row, null, formulaCheckpoint(row));
    const ten = model.preprocess([photo, noise(30, 40)], { crop: "ten" });
    assert.deepEqual(ten.shape, [20, 224, 224, 3]);
    const first = model.preprocess(photo, { crop: "five" });
    const start = tf.slice(ten, 0, 5);
    assert.deepEqual(await start.data(), await first.data());
    const rows = await classify(model, first, { top: 5 });
    assert.equal(rows.length, 5);
    const whole = model.preprocess(photo, { crop: "none" });
    assert.deepEqual(whole.shape, [1, 256, 384, 3]);
    const logits = model.forward(whole);
    assert.deepEqual(logits.shape, [1, 5]);
    tf.dispose([ten, start, first, whole, logits]);
    assert.throws(
      () => preprocess([photo, noise(30, 40)], undefined, { crop: "none" }),
      new TypeError(
        "image 1: expected 384x256 pixels as in image 0, got 256x341",
      ),
    );
  },
);

tensorTest("tensors that aren't pictures", async () => {
  const refuse = (x: tf.Tensor, name: string, message: RegExp) => {
    assert.throws(() => toRgb(x as tf.Tensor3D), { name, message });
    x.dispose();
  };
  refuse(tf.zeros([4, 4, 1]), "TypeError", /\[H, W, 3\], got \[4, 4, 1\]$/);
  refuse(tf.zeros([4, 4]), "TypeError", /\[H, W, 3\], got \[4, 4\]$/);
  refuse(
    tf.zeros([1, 4, 4, 3]),
    "TypeError",
    /got \[1, 4, 4, 3\]; a batch goes into the network without preprocess$/,
  );
  refuse(tf.zeros([4, 4, 3], "bool"), "TypeError", /got bool$/);
  refuse(tf.fill([4, 4, 3], 256, "int32"), "RangeError", /0\.\.255, got 256$/);
  refuse(tf.fill([4, 4, 3], NaN), "RangeError", /0\.\.1, got NaN/);
  refuse(
    tf.fill([4, 4, 3], 200),
    "RangeError",
    /0\.\.1, got 200; levels of 0\.\.255 are int32$/,
  );
  const gone = tf.zeros<tf.Rank.R3>([4, 4, 3]);
  gone.dispose();
  await assert.rejects(
    overlayMap(gone, gone),
    /live tensor; this one was disposed/,
  );
});

Deno.test("without a 2D canvas, a bitmap says so, and stays open", async () => {
  const data = new ImageData(new Uint8ClampedArray(16).fill(255), 2, 2);
  const bitmap = await createImageBitmap(data);
  const message =
    /no 2D canvas to read this picture with; pass RGB or RGBA bytes/;
  assert.throws(() => toRgb(bitmap), message);
  assert.equal(bitmap.width, 2);
  const wide = new ImageData(2, 2, { colorSpace: "display-p3" });
  assert.throws(() => toRgb(wide), message);
  assert.deepEqual([...toRgb(data).data], Array(12).fill(255));
  bitmap.close();
  assert.throws(
    () => toRgb(bitmap),
    new RangeError(
      "picture: expected positive integers as width and height, got 0x0; pass it loaded, and close it afterwards",
    ),
  );
});
