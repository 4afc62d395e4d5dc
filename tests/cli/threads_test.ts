// stock: no, it asks for a number of threads of its own
/** `--threads` and `--memory`, in a process where no backend runs yet. */

import assert from "node:assert/strict";
import { startBackend } from "../../mod.ts";
import { chelsea, cliTest, fail, succeed } from "./support.ts";
import { closeTo } from "../support/close.ts";

cliTest("--threads: the number of threads", async (folder) => {
  const layer = ["--layer", "conv1", "--out", `${folder}/f.npz`];
  await succeed("extract", chelsea, ...layer, "--threads", "1");
  const { build, threads } = await startBackend();
  assert.deepEqual({ build, threads }, { build: "simd", threads: 1 });
  await fail(
    ["extract", chelsea, ...layer, "--threads", "2"],
    1,
    /^startBackend\(\{"threads":2\}\): the backend already runs with other options \(simd, 1 threads, /,
  );
});

cliTest("--memory small: the same values by other kernels", async (folder) => {
  const values = async (...memory: string[]): Promise<number[]> => {
    const out = `${folder}/f.jsonl`;
    const plain = ["--json-values", "plain", "--threads", "1"];
    const layer = ["--layer", "layer1", "--pool", "avg", "--out", out];
    await succeed("extract", chelsea, ...layer, ...plain, ...memory);
    return JSON.parse(await Deno.readTextFile(out)).layer1;
  };
  const [fast, small] = [await values(), await values("--memory", "small")];
  assert.equal(small.length, 64);
  assert.notDeepEqual(small, fast);
  assert.ok(Math.max(...fast) > 0.1);
  closeTo(small, fast, 2e-5);
});
