/** The part that Layertap and the stock backend share. */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, fromNCHW } from "../../mod.ts";
import { formulaCheckpoint } from "../../tests/support/formula.ts";
import { makeInput, serve } from "./serve.ts";

/** Serves Layertap's graph of an architecture on the running backend. */
export async function serveModel(
  arch: string,
  batch: number,
  name: string,
  threads: number,
): Promise<void> {
  const model = await createModel(arch, null, formulaCheckpoint(arch));
  const { shape, values } = makeInput(batch);
  const x: Tensor4D = fromNCHW(tf.tensor(values, [...shape]));
  await serve({
    name,
    threads,
    forward() {
      const logits = model.forward(x);
      const values = logits.dataSync<"float32">();
      logits.dispose();
      return values;
    },
  });
}
