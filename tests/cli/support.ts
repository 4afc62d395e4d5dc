/** Runs the command line in this process, and gives tests a folder below `out/test`. */

import assert from "node:assert/strict";
import { main } from "../../src/cli/mod.ts";

/** The pictures of the examples. */
export const images: readonly string[] = [
  "chelsea",
  "rocket",
  "coffee",
  "astronaut",
]
  .map((name) =>
    `examples/images/${name}.${name === "rocket" ? "jpg" : "png"}`
  );
export const [chelsea, rocket] = images;

/** The result of a command line. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs it, on a terminal or not. */
export async function run(args: string[], isTTY = false): Promise<Outcome> {
  const outcome = { status: 0, stdout: "", stderr: "" };
  outcome.status = await main(args, {
    stdout: { write: (text) => outcome.stdout += text },
    stderr: { write: (text) => outcome.stderr += text, isTTY },
  });
  return outcome;
}

/** Runs a command line that must succeed; returns what it prints. */
export async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(args);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return stdout;
}

/** Runs a command line that must fail with one line on stderr and nothing on stdout. */
export async function fail(
  args: string[],
  status: number,
  message: string | RegExp,
) {
  const outcome = await run(args);
  // Without permission for the cache there are warnings first.
  const said = outcome.stderr.replace(/^(?:layertap: warning: .*\n)*/, "");
  const line = /^layertap: (.*)\n$/.exec(said)?.[1];
  assert(line !== undefined, `no single line: ${outcome.stderr}`);
  if (typeof message === "string") assert.equal(line, message);
  else assert.match(line, message);
  assert.equal(outcome.status, status, outcome.stderr);
  assert.equal(outcome.stdout, "");
}

/** A test with a folder of its own. */
export function cliTest(name: string, test: (folder: string) => Promise<void>) {
  Deno.test(name, () => inFolder(test));
}

/** Runs a test in a folder of its own. */
export async function inFolder(
  test: (folder: string) => Promise<void>,
): Promise<void> {
  await Deno.mkdir("out/test", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "out/test", prefix: "cli-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
