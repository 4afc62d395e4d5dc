// stock: no, each contract starts kernels of its own
/** The contract in Deno: see `contract/cases.ts`. */

import { reportSteps, settingName, settings } from "./contract/report.ts";
import { run } from "./npm_project.ts";

for (const setting of settings) {
  Deno.test(`the contract in Deno: ${settingName(setting)}`, async (t) => {
    const output = await run([
      ...["deno", "run", "--no-prompt", "--allow-read"],
      ...["tests/platforms/contract/main.ts", JSON.stringify(setting)],
      ...["weights/mlnet_resnet18.npz", "tests/data/contract/golden.json"],
      "examples/images",
    ], ".");
    await reportSteps(t, JSON.parse(output), setting);
  });
}
