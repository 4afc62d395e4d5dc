/** Layertap: `layertap.ts <arch> [threads]`, by default as many threads as it takes. */

import config from "../../deno.json" with { type: "json" };
import { startBackend } from "../../mod.ts";
import { serveModel } from "./serve_model.ts";

const [arch, wanted] = Deno.args;
const { threads } = await startBackend(
  wanted ? { threads: Number(wanted) } : {},
);
await serveModel(arch, `Layertap ${config.version}`, threads);
