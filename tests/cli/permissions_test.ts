/** Commands with the permissions that the README names for them, and no others. */

import assert from "node:assert/strict";
import { chelsea, cliTest } from "./support.ts";

/** Runs a command in a process of its own. */
async function run(
  permissions: readonly string[],
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--no-check", ...permissions],
      ...["src/cli/mod.ts", ...args],
    ],
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("layers and summary need no permission", async () => {
  assert.match(await run([], ["layers"]), /^flatten +\[-1, 512\]$/m);
  assert.match(await run([], ["summary"]), /^Total params: 15,897,152$/m);
});

cliTest("extract: reads, and writes to one folder", async (folder) => {
  const out = `${folder}/f.jsonl`;
  const small = ["--layer", "layer1", "--pool", "avg"];
  await run(
    ["--allow-read", `--allow-write=${folder}`],
    ["extract", chelsea, ...small, "--out", out],
  );
  const [line] = (await Deno.readTextFile(out)).split("\n");
  assert.equal(JSON.parse(line).path, chelsea);
});

Deno.test("worker: only reads", async () => {
  const said = await run(["--allow-read"], ["worker", "--layer", "layer1"]);
  assert(said.length > 0, "it ends with an empty stream");
});
