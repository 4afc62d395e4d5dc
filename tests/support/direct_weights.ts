/** Options for weights that are each kept once, whatever the kernels. */

import { type ModelOptions, startBackend } from "../../mod.ts";

const { kernels } = await startBackend();

/** Filters as they are, not transformed for Winograd; with stock kernels, which have no other. */
export const direct: ModelOptions = kernels === "own"
  ? { memory: "small", dtype: "float32" }
  : {};

/** How near two computations with the fast setting are, as a part of a node's largest value. */
export const fastTolerance = kernels === "own" ? 2e-5 : 1e-5;
