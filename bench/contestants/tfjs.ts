/**
 * The stock backend, as its package starts in Deno: `tfjs.ts <arch> <batch>`.
 *
 * The graph is Layertap's, with each batch norm folded and each ReLU fused, to compare the backends
 * and not the conversion of the model.
 */

import * as tf from "@tensorflow/tfjs-core";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { startBackend } from "../../mod.ts";
import { serveModel } from "./serve_model.ts";

const [arch, batch] = Deno.args;
await tf.setBackend("wasm");
const { build, threads } = await startBackend({ kernels: "stock" });
if (build !== "external") {
  throw new Error(`the stock backend did not start: "${build}" runs`);
}
await serveModel(
  arch,
  Number(batch),
  `tfjs-backend-wasm ${version_wasm}`,
  threads,
);
