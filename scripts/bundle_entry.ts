/** The command line as one file. Threads that decode import it, too: they take `loadInput` from it. */

import { runProcess } from "../src/cli/mod.ts";

export { loadInput } from "../src/extract/load_input.ts";

if (import.meta.main) await runProcess();
