/** Layertap: `layertap.ts <arch> <kernels> [threads]`, by default as many threads as it takes. */

import config from "../../deno.json" with { type: "json" };
import { startBackend } from "../../mod.ts";
import { serveModel } from "./serve_model.ts";

const [arch, kernels, wanted] = Deno.args;
const { threads } = await startBackend({
  kernels: kernels === "own" ? "own" : "stock",
  ...(wanted && { threads: Number(wanted) }),
});
const name = `Layertap ${config.version}, ${kernels} kernels`;
await serveModel(arch, name, threads);
