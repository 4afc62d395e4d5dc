/** Model options with which every weight is stored once, on either kernel set. */

import { type ModelOptions, startBackend } from "../../mod.ts";

const { kernels } = await startBackend();

/** Direct convolutions, without Winograd's transformed filters; the stock kernels have no others. */
export const direct: ModelOptions = kernels === "own"
  ? { memory: "small", dtype: "float32" }
  : {};

/** How far apart two computations with the fast setting may be, as a share of the largest value. */
export const fastTolerance = kernels === "own" ? 2e-5 : 1e-5;
