/** Mistakes that people make: each works, or its error says what to do. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  createModel,
  decodeImage,
  fromNCHW,
  preprocess,
  type ResNet,
  startBackend,
  toNCHW,
  unprocess,
} from "../../mod.ts";
import { extractFiles } from "../../src/extract/mod.ts";
import { featureMapGrid, report } from "../../src/maps/mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";

const arch = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
} as const;

await startBackend();
const model = await createModel(arch, null, formulaCheckpoint(arch));
const zeros = tf.zeros([1, 40, 40, 3]) as tf.Tensor4D;

/** What a caller without types may pass. */
// deno-lint-ignore no-explicit-any
const untyped = (value: unknown) => value as any;

const path = "examples/images/chelsea.png";
const forgotten = () => untyped(decodeImage(path));
const isPromise =
  /expected a decoded picture, got a Promise; did you forget to await it\?$/;
const isFile =
  /expected a decoded picture, got .*; decode the file with await decodeImage\(file\)$/;

Deno.test("mistakes: a forgotten await", async () => {
  assert.throws(() => preprocess(forgotten()), isPromise);
  assert.throws(() => model.preprocess([forgotten()]), isPromise);
  await assert.rejects(report(model, forgotten()), isPromise);
  assert.throws(() => model.forward(forgotten()), /did you forget to await it/);
  await assert.rejects(decodeImage(forgotten()), /did you forget to await it/);
});

Deno.test("mistakes: a file where a picture belongs", async () => {
  const files = [path, new URL("file:///a.png"), new Uint8Array(9), new Blob()];
  for (const file of files) {
    assert.throws(() => preprocess(untyped(file)), isFile);
    assert.throws(() => model.preprocess(untyped([file])), isFile);
    await assert.rejects(report(model, untyped(file)), isFile);
  }
});

Deno.test("mistakes: a picture or a path where a tensor belongs, and the reverse", async () => {
  const picture = await decodeImage(path);
  const advice = /; preprocess a decoded picture first$/;
  for (const value of [picture, path]) {
    assert.throws(() => model.forward(untyped(value)), advice);
  }
  assert.throws(
    () => preprocess(untyped(zeros)),
    /got \[[\d, ]+\]; a batch goes into the network without preprocess$/,
  );
});

Deno.test("mistakes: a disposed tensor", async () => {
  const gone = zeros.clone();
  gone.dispose();
  const message = /^Error: expected a live tensor; this one was disposed$/;
  assert.throws(() => model.forward(gone), message);
  assert.throws(() => model.extract(gone, ["layer1"]), message);
  assert.throws(() => toNCHW(gone), message);
  assert.throws(() => fromNCHW(gone), message);
  await assert.rejects(unprocess(gone), message);
  await assert.rejects(featureMapGrid(gone), message);
});

/** Runs a pass with one hook. */
function withHook(hook: Parameters<ResNet["registerForwardHook"]>[1]) {
  const handle = model.registerForwardHook("layer1", hook);
  try {
    model.forward(zeros).dispose();
  } finally {
    handle.remove();
  }
}

Deno.test("mistakes: a hook's tensor that is gone", () => {
  assert.throws(
    () =>
      withHook((_m, _i, output) => {
        const copy = output.clone();
        copy.dispose();
        return copy;
      }),
    /^Error: forward hook on "layer1": expected a live tensor or nothing, got one that was disposed$/,
  );
  const kept: tf.Tensor[] = [];
  withHook((_m, _i, output) => void kept.push(output));
  const lent =
    /this tensor is only valid inside the hook; clone\(\) it there to keep it$/;
  assert.throws(() => withHook(() => kept[0]), lent);
  assert.throws(() => kept[0].dataSync(), lent);
  assert.throws(() => model.forward(kept[0] as tf.Tensor4D), lent);

  withHook((_m, _i, output) => kept[1] = tf.mul(output, 2));
  const taken =
    /the model has disposed this tensor, which a hook returned; clone\(\) it there to keep it$/;
  assert.throws(() => kept[1].dataSync(), taken);
  assert.throws(() => toNCHW(kept[1]), taken);
});

Deno.test("mistakes: no names, or a name without brackets", async () => {
  assert.throws(
    () => model.extract(zeros, []),
    new RangeError("extract: expected at least one node name, got []"),
  );
  assert.throws(
    () => model.extract(zeros, untyped("layer1")),
    /expected a list of node names, got "layer1"/,
  );
  const next = (files: string[], names: string[]) =>
    extractFiles(model, files, names).next();
  await assert.rejects(next([path], []), /names: expected at least one node/);
  await assert.rejects(
    next(untyped(path), ["layer1"]),
    /files: expected a list of paths, got ".*"; put it in brackets$/,
  );
});
