/**
 * `deno task bench [arch…]`: the time of a forward pass, batch 1, 224x224, beside other runtimes.
 *
 * Every contestant is loaded and warm before the first round; then they take turns, so that
 * whatever else the machine does meets all of them.
 *
 * @module
 */

import { load, machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import { type Entry, Runner } from "./runner.ts";
import { median, quantile } from "./statistics.ts";
import { table } from "./table.ts";

const rounds = 12, passes = 4, warmUp = 10;
const cores = `${navigator.hardwareConcurrency}`;

const onnxruntime = {
  script: "onnxruntime.ts",
  model: "onnx",
  // The lock file would bring these packages to everybody's disk.
  flags: ["--no-lock", "--allow-read"],
};
const native = {
  ...onnxruntime,
  flags: [...onnxruntime.flags, "--allow-ffi"],
};
const entries: readonly Entry[] = [
  { script: "layertap.ts", args: ["stock", "1"] },
  { script: "layertap.ts", args: ["stock"] },
  { script: "layertap.ts", args: ["own", "1"] },
  { script: "layertap.ts", args: ["own"] },
  { script: "tfjs.ts", flags: ["--allow-read"] },
  { ...onnxruntime, args: ["web", "1"] },
  { ...onnxruntime, args: ["web", cores] },
  { ...native, args: ["node", "1"] },
  { ...native, args: ["node", cores] },
];

/** Starts those that can be started, and says which can't. */
async function start(
  arch: string,
  stack: AsyncDisposableStack,
): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const entry of entries) {
    const name = [entry.script, ...entry.args ?? []].join(" ");
    const missing = entry.model &&
      await whyMissing(`bench/models/${arch}.${entry.model}`);
    if (missing) {
      console.log(`skipped ${name}: ${missing}`);
      continue;
    }
    try {
      runners.push(stack.use(await Runner.start(arch, entry)));
    } catch (error) {
      console.log(`skipped ${name}: ${(error as Error).message}`);
    }
  }
  return runners;
}

/** A contestant that computes something else is none. */
function requireSameLogits(runners: readonly Runner[]): void {
  const { logits } = runners[0].greeting;
  const largest = Math.max(...logits.map(Math.abs));
  for (const { greeting } of runners) {
    const off = Math.max(
      ...greeting.logits.map((logit, i) => Math.abs(logit - logits[i])),
    );
    if (!(off <= 1e-4 * largest)) {
      throw new Error(`${greeting.name}: logits are off by ${off}`);
    }
  }
}

async function bench(arch: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const runners = await start(arch, stack);
  if (runners.length === 0) return;
  requireSameLogits(runners);
  for (const runner of runners) await runner.run(warmUp);
  const times = new Map(runners.map((runner) => [runner, [] as number[]]));
  const before = load();
  for (let round = 0; round < rounds; round++) {
    for (const [runner, all] of times) all.push(...await runner.run(passes));
  }
  const reference = median(times.get(runners[0])!);
  console.log(`\n## ${arch}\n`);
  console.log(table([
    ["", "threads", "median ms", "quartiles", "of the first"],
    ...[...times].map(([{ greeting }, all]) => [
      greeting.name,
      `${greeting.threads}`,
      median(all).toFixed(1),
      `${quantile(all, 0.25).toFixed(1)} to ${quantile(all, 0.75).toFixed(1)}`,
      (median(all) / reference).toFixed(2),
    ]),
  ]));
  console.log(
    `\n${rounds * passes} passes each, in ${rounds} rounds; ` +
      `load ${before} before, ${load()} after`,
  );
}

console.log(machine());
const archs = Deno.args.length > 0 ? Deno.args : ["resnet50", "resnet18"];
for (const arch of archs) await bench(arch);
