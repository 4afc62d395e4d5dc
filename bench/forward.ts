/**
 * `deno task bench [--threads 1,2] [--batch 1,8] [arch…]`: the time of a forward pass, 224x224,
 * beside other runtimes.
 *
 * Every contestant is loaded and warm before the first round. Then they take turns, so that other
 * load on the machine affects all of them.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { load, machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import { requireSame } from "./require_same.ts";
import { type Entry, Runner } from "./runner.ts";
import { median, quantile } from "./statistics.ts";
import { table } from "./table.ts";

const warmUp = 5;
/** Total time of a contestant, and the number of rounds. */
const milliseconds = 3_000, rounds = 10;

interface Case {
  readonly arch: string;
  readonly threads: number;
  readonly batch: number;
}

const own = "own";

/** The contestants, ours first. */
function entriesOf(threads: number): Record<string, Entry> {
  const onnxruntime = {
    script: "onnxruntime.ts",
    model: "onnx",
    // In the lock file, Deno would download these packages for every task.
    flags: ["--no-lock", "--allow-read"],
  };
  return {
    [own]: { script: "layertap.ts", args: ["own", `${threads}`] },
    stock: { script: "layertap.ts", args: ["stock", `${threads}`] },
    web: { ...onnxruntime, args: ["web", `${threads}`] },
    node: {
      ...onnxruntime,
      args: ["node", `${threads}`],
      flags: [...onnxruntime.flags, "--allow-ffi"],
    },
    torch: { script: "torch_forward.py", args: [`${threads}`] },
    // In Deno, the package uses one thread.
    ...threads === 1 && {
      tfjs: { script: "tfjs.ts", flags: ["--allow-read"] },
    },
  };
}

/** Starts the contestants, and prints why any can't start. */
async function start(
  { arch, batch, threads }: Case,
  stack: AsyncDisposableStack,
): Promise<Map<string, Runner>> {
  const runners = new Map<string, Runner>();
  for (const [name, entry] of Object.entries(entriesOf(threads))) {
    const missing = entry.model &&
      await whyMissing(`bench/models/${arch}.${entry.model}`);
    if (missing) {
      console.log(`skipped ${name}: ${missing}`);
      continue;
    }
    try {
      runners.set(name, stack.use(await Runner.start(arch, batch, entry)));
    } catch (error) {
      console.log(`skipped ${name}: ${(error as Error).message}`);
    }
  }
  return runners;
}

/** Prints a table; returns the milliseconds per picture, by contestant. */
async function bench(one: Case): Promise<Map<string, number>> {
  await using stack = new AsyncDisposableStack();
  const runners = await start(one, stack);
  const [first, ...others] = [...runners.values()].map((r) => r.greeting);
  for (const { name, logits } of others) {
    requireSame(name, logits, first.logits);
  }
  const passes = new Map<string, number>();
  for (const [name, runner] of runners) {
    const once = median(await runner.run(warmUp));
    passes.set(name, Math.ceil(milliseconds / rounds / once));
  }
  const times = new Map(
    [...runners.keys()].map((name) => [name, [] as number[]]),
  );
  const before = load();
  for (let round = 0; round < rounds; round++) {
    for (const [name, runner] of runners) {
      times.get(name)!.push(...await runner.run(passes.get(name)!));
    }
  }
  const { arch, threads, batch } = one;
  const medians = new Map(
    [...times].map(([name, all]) => [name, median(all) / batch]),
  );
  const ours = medians.get(own)!;
  console.log(`\n## ${arch}, threads: ${threads}, batch: ${batch}\n`);
  console.log(table([
    ["", "ms per picture", "quartiles", "passes", "own / this"],
    ...[...times].map(([name, all]) => [
      runners.get(name)!.greeting.name,
      medians.get(name)!.toFixed(1),
      [0.25, 0.75].map((q) => (quantile(all, q) / batch).toFixed(1))
        .join(" to "),
      `${all.length}`,
      (ours / medians.get(name)!).toFixed(2),
    ]),
  ]));
  console.log(`\nload ${before} before, ${load()} after`);
  return medians;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1,2" },
    batch: { type: "string", default: "1,8" },
  },
});
const archs = positionals.length > 0
  ? positionals
  : ["resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2"];
const numbers = (list: string) => list.split(",").map(Number);
console.log(machine());
const summary: string[][] = [];
for (const arch of archs) {
  for (const threads of numbers(values.threads)) {
    for (const batch of numbers(values.batch)) {
      const medians = await bench({ arch, threads, batch });
      const first = medians.get(own)!;
      summary.push([
        `${arch}, ${threads}, ${batch}`,
        first.toFixed(1),
        ...["stock", "web", "node", "torch"].map((name) =>
          medians.has(name) ? (first / medians.get(name)!).toFixed(2) : ""
        ),
      ]);
    }
  }
}
console.log("\n## Own time / the others' time\n");
console.log(table([
  [
    "arch, threads, batch",
    "ms per picture",
    ...["stock kernels", "onnxruntime-web", "onnxruntime-node", "PyTorch"],
  ],
  ...summary,
]));
