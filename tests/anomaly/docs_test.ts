// stock: no, the samples start the backend themselves
/** docs/anomaly.md: its samples and command lines run as pasted. */

import assert from "node:assert/strict";
import { fencedBlocks } from "../support/fenced_blocks.ts";

const page = await Deno.readTextFile("docs/anomaly.md");
const folder = "out/test/anomaly";
await Deno.mkdir(folder, { recursive: true });

Deno.test("docs/anomaly.md: the samples run", async () => {
  const samples = fencedBlocks(page, "ts");
  assert(samples.length >= 1);
  for (const [i, sample] of samples.entries()) {
    const path = `${folder}/sample_${i}.ts`;
    await Deno.writeTextFile(path, sample);
    const { success, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-prompt", "--allow-read", path],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stdout), /^scratched \[ 64, 64 \]/);
  }
});
