// stock: no, the networks run in other processes
/** `layertap worker` as a process: its streams and its exit code. */

import assert from "node:assert/strict";
import { concat } from "../../src/formats/concat.ts";
import { fail } from "../cli/support.ts";
import { pictures } from "../extract/support.ts";
import { readAnswers, requestBytes, requestFrames } from "./support.ts";

function start(...args: string[]) {
  return new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--allow-read", "src/cli/mod.ts", "worker"],
      ...["--layer", "layer1", "--pool", "avg", "--threads", "1", ...args],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const content = await Deno.readFile(pictures[3]);
const rocket = { path: "rocket.jpg", content };

Deno.test("a stream in, a stream out, nothing else", async () => {
  const child = start();
  const writer = child.stdin.getWriter();
  await writer.write(requestBytes([[rocket, { path: "missing.png" }]]));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert(success);
  const [[first, second]] = readAnswers(stdout);
  assert.equal((first.layer1 as Float32Array).length, 64);
  assert(Math.max(...first.layer1 as Float32Array) > 0.1);
  assert.equal(
    second.error,
    'cannot open "missing.png": there is no such file',
  );
});

Deno.test("a truncated stream: whole requests are answered, then exit code 1", async () => {
  const [schema, one] = requestFrames([[rocket]]);
  const child = start();
  const writer = child.stdin.getWriter();
  await writer.write(concat([schema, one, one.subarray(0, 1000)]));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assert.equal(code, 1);
  assert.match(
    new TextDecoder().decode(stderr),
    /^layertap: cannot read "input": it is cut short at byte \d+\n$/,
  );
  const end = new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]);
  assert.equal(readAnswers(concat([stdout, end])).flat().length, 1);
});

Deno.test("it ends at a request that is too large, even while stdin is open", async () => {
  const child = start("--protocol", "jsonl", "--max-bytes", "1000");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("a".repeat(2000)));
  const { code, stdout, stderr } = await child.output();
  assert.equal(code, 1);
  assert.equal(stdout.length, 0);
  assert.equal(
    new TextDecoder().decode(stderr),
    "layertap: request: expected at most 1000 bytes, got more than 1000; raise maxBytes\n",
  );
  await writer.abort().catch(() => {});
});

Deno.test("a reader that goes away ends it", async () => {
  const child = start("--protocol", "jsonl");
  await child.stdout.cancel();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${pictures[3]}\n`));
  const { code } = await child.status;
  assert.equal(code, 0);
  await child.stderr.cancel();
  await writer.abort().catch(() => {});
});

Deno.test("worker: wrong command lines", async () => {
  await fail(
    ["worker"],
    2,
    "--layer is missing (see layertap worker --help)",
  );
  await fail(
    ["worker", "--layer", "layer1", "--protocol", "csv"],
    2,
    '--protocol: expected "arrow" or "jsonl", got "csv" (see layertap worker --help)',
  );
});
