/** The command line as one file. Threads that decode import it, too: they take `loadInput` from it. */

import { runProcess } from "../src/cli.ts";

export { loadInput } from "../src/inputs/load_input.ts";

if (import.meta.main) await runProcess();
