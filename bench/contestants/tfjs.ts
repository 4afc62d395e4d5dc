/**
 * The stock backend, as its package starts by itself in Deno: `tfjs.ts <arch>`.
 *
 * The graph is Layertap's, with each batch norm folded and each ReLU fused, which nobody gets who
 * loads a converted model. So the backend's own speed is what is compared.
 */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { createModel, fromNCHW, startBackend } from "../../mod.ts";
import { formulaCheckpoint } from "../../tests/formula.ts";
import { input, inputShape, serve } from "./serve.ts";

const [arch] = Deno.args;
await tf.setBackend("wasm");
const { build, threads } = await startBackend();
if (build !== "external") {
  throw new Error(`the stock backend did not start: "${build}" runs`);
}
const model = await createModel(arch, null, formulaCheckpoint(arch));
const x: Tensor4D = fromNCHW(tf.tensor(input, [...inputShape]));

await serve({
  name: `tfjs-backend-wasm ${version_wasm}`,
  threads,
  forward() {
    const logits = model.forward(x);
    const values = logits.dataSync<"float32">();
    logits.dispose();
    return values;
  },
});
