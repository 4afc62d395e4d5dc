/**
 * How a model's weights are kept: what may be asked for, and what kernels must be able to.
 *
 * @module
 */

import { startBackend } from "../backend/start.ts";
import { weightsDTypes } from "../arch/weights_dtype.ts";
import type { Kernels, Packing } from "../kernels/kernels.ts";
import type { ModelOptions } from "./create_model.ts";
import { loadKernels } from "./load_kernels.ts";

/** Starts the backend, if it doesn't run yet, and the kernels; they must be able to pack so. */
export function startKernels({ dtype, winograd }: Packing): Promise<Kernels> {
  const start = async () => {
    const info = await startBackend();
    if (info.kernels === "stock" && (dtype !== "float32" || !winograd)) {
      throw new Error(
        `createModel: ${
          winograd ? `weightsDType "${dtype}"` : 'memory "small"'
        } with stock kernels: they have memory "fast" and weightsDType "float32" only`,
      );
    }
    return await loadKernels(info);
  };
  const kernels = start();
  kernels.catch(() => {}); // Whoever waits for it is told, if nothing fails before.
  return kernels;
}

/** How the weights are to be packed. */
export function packingOf(
  { memory = "fast", weightsDType }: Pick<
    ModelOptions,
    "memory" | "weightsDType"
  >,
): Packing {
  const allow = (name: string, value: string, allowed: readonly string[]) => {
    if (allowed.includes(value)) return;
    throw new RangeError(
      `${name}: got ${JSON.stringify(value)}, ${
        allowed.map((v) => JSON.stringify(v)).join(" and ")
      } are allowed`,
    );
  };
  allow("memory", memory, ["fast", "small"]);
  const winograd = memory === "fast";
  const dtype = weightsDType ?? (winograd ? "float32" : "float16");
  allow("weightsDType", dtype, weightsDTypes);
  return { dtype, winograd };
}
