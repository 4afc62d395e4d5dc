/** The command line, which says at its end how much memory it took. */

import process from "node:process";
import { runProcess } from "../../src/cli/mod.ts";

process.on("exit", () => {
  const { maxRSS } = process.resourceUsage();
  process.stderr.write(`peak ${maxRSS * 1024}\n`);
});
await runProcess();
