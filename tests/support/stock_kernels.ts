/**
 * `deno task test:stock` loads this before each file of tests: they run on tfjs's kernels then, for
 * a file that starts the backend with its defaults gets the one that runs. The task leaves out the
 * files that ask for our own kernels, or for another number of threads, and those whose networks run
 * in processes of their own, which this doesn't reach.
 */

import { startBackend } from "../../mod.ts";

await startBackend({ kernels: "stock", threads: 2 }); // As many as files ask for that say so.
