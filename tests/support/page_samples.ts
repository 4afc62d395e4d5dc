/** Pages of docs/ whose samples and command lines run as pasted. */

import assert from "node:assert/strict";
import { main } from "../../src/cli/mod.ts";
import { fencedBlocks } from "./fenced_blocks.ts";

/** Options and endings whose files stand below the tests' folder. */
const outputs =
  /^(?!examples\/|tests\/|https?:)[\w/]+\.(parquet|npz|json|png)$/;

/** Defines the tests of a page. */
export function testPage(page: string): void {
  const folder = `out/test/${page.replace(/\W+/g, "_")}`;

  Deno.test(`${page}: the samples run`, async () => {
    await Deno.mkdir(folder, { recursive: true });
    const samples = fencedBlocks(await Deno.readTextFile(page), "ts");
    assert(samples.length >= 1);
    for (const [i, sample] of samples.entries()) {
      const path = `${folder}/sample_${i}.ts`;
      await Deno.writeTextFile(path, sample);
      const { success, stderr } = await new Deno.Command("deno", {
        args: ["run", "--no-prompt", "--allow-read", path],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
    }
  });

  Deno.test(`${page}: the command lines run`, async () => {
    await Deno.mkdir(folder, { recursive: true });
    const lines = fencedBlocks(await Deno.readTextFile(page), "sh")
      .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
      .flatMap((line) => /^deno task layertap (.*)/.exec(line)?.[1] ?? []);
    assert(lines.length >= 1);
    for (const line of lines) {
      const args = line.split(/\s+/).map((word) =>
        outputs.test(word) ? `${folder}/${word}` : word
      );
      let said = "";
      const stdout = { write() {} };
      const stderr = { write: (text: string) => said += text };
      assert.equal(await main(args, { stdout, stderr }), 0, `${line}: ${said}`);
    }
  });
}
