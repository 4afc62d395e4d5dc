/** Layertap: `layertap.ts <arch> <batch> <kernels> <threads>`. */

import config from "../../deno.json" with { type: "json" };
import { startBackend } from "../../mod.ts";
import { serveModel } from "./serve_model.ts";

const [arch, batch, kernels, wanted] = Deno.args;
const { threads } = await startBackend({
  kernels: kernels === "own" ? "own" : "stock",
  threads: Number(wanted),
});
const name = `Layertap ${config.version}, ${kernels} kernels`;
await serveModel(arch, Number(batch), name, threads);
