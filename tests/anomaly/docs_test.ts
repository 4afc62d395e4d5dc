// stock: no, the samples start the backend themselves
/** docs/anomaly.md: its samples and commands run as pasted. */

import assert from "node:assert/strict";
import { main } from "../../src/cli/mod.ts";
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

Deno.test("docs/anomaly.md: the commands run", async () => {
  const lines = fencedBlocks(page, "sh").flatMap((block) => block.split("\n"))
    .flatMap((line) => /^deno task layertap (.*)/.exec(line)?.[1] ?? []);
  assert(lines.length >= 4);
  for (const line of lines) {
    const args = line.split(" ").map((word) =>
      /^(bank|bricks|scores|maps)/.test(word) ? `${folder}/${word}` : word
    );
    let said = "";
    const stderr = { write: (text: string) => said += text };
    const stdout = { write() {} };
    assert.equal(await main(args, { stdout, stderr }), 0, `${line}: ${said}`);
  }
  assert((await Deno.stat(`${folder}/maps/scratched.png`)).isFile);
});
