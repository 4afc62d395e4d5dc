/**
 * The package on a page's main thread, bundled for `browser_package_test.ts`.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import {
  backendInfo,
  type BackendOptions,
  createModel,
  startBackend,
} from "../../mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const row = {
  name: "case",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 10,
} as const;

/** Starts the backend and returns the logits of a network and an input made by formulas. */
async function run(options: BackendOptions) {
  await startBackend(options);
  using model = await createModel(row, null, formulaCheckpoint(row));
  const x = tf.tensor4d(uniform("input", 3 * 64 * 64), [1, 64, 64, 3]);
  // The first passes run without the threads, the last with them.
  let logits: number[] = [];
  for (let pass = 0; pass < 20; pass++) {
    const output = model.forward(x);
    logits = [...await output.data()];
    output.dispose();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  x.dispose();
  return { info: backendInfo(), logits };
}

Object.assign(globalThis, { run });
