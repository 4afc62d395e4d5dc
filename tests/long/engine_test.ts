// stock: no, it starts both kernels
/** A server's network leaves no thread and no memory behind; `deno task soak:engine` does more rounds. */

import assert from "node:assert/strict";
import type { Round } from "../../scripts/soak_engine.ts";

const least = (rounds: Round[], what: keyof Round) =>
  Math.min(...rounds.map((round) => round[what]));

for (const kernels of ["own", "stock"]) {
  Deno.test(`ten networks closed and nine killed in a pass leave memory and threads flat: ${kernels} kernels`, async () => {
    const args = ["run", "--no-prompt", "--allow-read", "--allow-run=ps"];
    const { stdout } = await new Deno.Command("deno", {
      args: [...args, "scripts/soak_engine.ts", "10", "9", kernels],
      stderr: "inherit",
    }).output();
    const { closed, killed }: Record<string, Round[]> = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    assert.equal(closed.length, 10);
    assert.equal(killed.length, 9);
    for (const rounds of [closed, killed]) {
      const first = rounds.slice(1, 4), last = rounds.slice(-3);
      assert(
        least(last, "threads") <= least(first, "threads") + 1,
        JSON.stringify(rounds),
      );
      // One round left more than this behind.
      assert(
        least(last, "rss") < least(first, "rss") + 200e6,
        JSON.stringify(rounds),
      );
    }
  });
}
