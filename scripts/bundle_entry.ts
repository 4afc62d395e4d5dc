/** The command line as one file. Decoding threads import `loadInput` from it, too. */

import { runProcess } from "../src/cli/mod.ts";

export * from "../src/extract/load_input.ts";

if (import.meta.main) await runProcess();
