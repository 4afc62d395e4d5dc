/** Layertap: `layertap.ts <arch> [threads]`, by default as many threads as it takes. */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import config from "../../deno.json" with { type: "json" };
import { createModel, fromNCHW, startBackend } from "../../mod.ts";
import { formulaCheckpoint } from "../../tests/formula.ts";
import { input, inputShape, serve } from "./serve.ts";

const [arch, wanted] = Deno.args;
const { threads } = await startBackend(
  wanted ? { threads: Number(wanted) } : {},
);
const model = await createModel(arch, null, formulaCheckpoint(arch));
const x: Tensor4D = fromNCHW(tf.tensor(input, [...inputShape]));

await serve({
  name: `Layertap ${config.version}`,
  threads,
  forward() {
    const logits = model.forward(x);
    const values = logits.dataSync<"float32">();
    logits.dispose();
    return values;
  },
});
