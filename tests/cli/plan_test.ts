// stock: no, it prints how our own kernels run
/** `layertap plan`: how a pass runs, as text and as JSON. */

import assert from "node:assert/strict";
import type { PassDescription } from "../../src/model/describe_pass.ts";
import { cliTest, fail, succeed } from "./support.ts";

const small = ["--arch", "resnet18", "--input", "3,64,48"];

cliTest("plan: every node once, with its shape, work and memory", async () => {
  const pass: PassDescription = JSON.parse(
    await succeed("plan", ...small, "--json"),
  );
  const nodes = pass.steps.flatMap(({ nodes }) => nodes);
  const layers = (await succeed("layers", ...small)).trim().split("\n")
    .map((line) => line.split(" ")[0]);
  assert.deepEqual(nodes.toSorted(), layers.toSorted());
  const [stem] = pass.steps;
  assert.deepEqual(stem.nodes, ["conv1", "bn1", "relu"]);
  assert.deepEqual(stem.shape, [1, 32, 24, 64]);
  assert.deepEqual(stem.jobs.map(({ task }) => task), ["pad", "convolve"]);
  assert.equal(stem.weightBytes, 4 * (64 * 3 * 49 + 64));
  assert.equal(pass.steps.at(-1)!.slot, null);
  for (const { slot, jobs, shape } of pass.steps.slice(0, -1)) {
    assert.ok(jobs.length > 0);
    assert.equal(slot!.bytes, 4 * shape.reduce((a, b) => a * b));
    assert.ok(slot!.offset + slot!.bytes <= pass.arenaBytes);
  }
});

cliTest("plan: as text, cut, in batches, with small weights", async () => {
  const text = await succeed("plan", ...small, "--layer=layer1", "--batch=2");
  const [first, , second] = text.split("\n");
  assert.equal(
    first,
    "conv1 + bn1 + relu  [2, 32, 24, 64], weights 0.04 MB, at 0 to 393216",
  );
  assert.match(
    second,
    /^ {4}convolve: \d+ x \d+ of 256 tiles by \d of 8 panels$/,
  );
  assert.match(text, /^layer1.1.conv2 \+ bn2 \+ add \+ relu_1 .*, a tensor$/m);
  assert.match(text, /winograd/);
  const direct = await succeed("plan", ...small, "--memory=small");
  assert.ok(!direct.includes("winograd"));
  await fail(
    ["plan", "--memory=tiny"],
    2,
    '--memory: expected "fast" or "small", got "tiny" (see layertap plan --help)',
  );
});
