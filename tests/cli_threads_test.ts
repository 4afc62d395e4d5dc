/** `--threads` starts the backend; a process of its own, where nobody has. */

import assert from "node:assert/strict";
import { startBackend } from "../mod.ts";
import { chelsea, cliTest, fail, succeed } from "./cli_support.ts";

cliTest("--threads: as many as it says", async (folder) => {
  const layer = ["--layer", "conv1", "--out", `${folder}/f.npz`];
  await succeed("extract", chelsea, ...layer, "--threads", "1");
  const { build, threads } = await startBackend();
  assert.deepEqual({ build, threads }, { build: "simd", threads: 1 });
  await fail(
    ["extract", chelsea, ...layer, "--threads", "2"],
    1,
    /^startBackend\(\{"threads":2\}\): the backend runs already \(simd, 1 threads, /,
  );
});
