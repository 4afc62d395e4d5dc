/** Fits a bank, and kills itself with SIGKILL when a stage begins: `deno run kill_case.ts OUT STAGE`. */

import { fitPatchCoreToFile } from "../../src/anomaly/mod.ts";
import { goodFiles, smallModel } from "./support.ts";

const [out, stage] = Deno.args;
using model = await smallModel();
await fitPatchCoreToFile(model, [...goodFiles, ...goodFiles], out, {
  coreset: 0.2,
  onProgress: (progress) => {
    if (progress.stage === stage) Deno.kill(Deno.pid, "SIGKILL");
  },
});
