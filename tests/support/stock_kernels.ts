/**
 * Starts the stock kernels before a test file, which then runs on them: a later start with defaults
 * gives the backend that runs already. `deno task test:stock` preloads this.
 */

import { startBackend } from "../../mod.ts";

await startBackend({ kernels: "stock", threads: 2 }); // Tests that name a number of threads name 2.
