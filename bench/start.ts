/**
 * `deno task bench:start [--threads 2] [--rounds 9]`: time from the import to the first result of
 * resnet18, and the memory of the process then.
 *
 * The contestants take turns, each start in a new process.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { ModelOptions } from "../mod.ts";
import type { WeightsDType } from "../src/arch/weights_dtype.ts";
import { load, machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import type { Started, Starter } from "./start_case.ts";
import { median, quantile } from "./statistics.ts";
import { table } from "./table.ts";

interface Case {
  readonly starter: Starter;
  readonly file: string;
  readonly options?: ModelOptions;
}

const packedFile = (dtype: WeightsDType) =>
  `bench/models/resnet18_${dtype}.npz`;

const cases: Readonly<Record<string, Case>> = {
  "own, int8 file": { starter: "own", file: packedFile("int8") },
  "own, float16 file": { starter: "own", file: packedFile("float16") },
  "own, int8 file, small": {
    starter: "own",
    file: packedFile("int8"),
    options: { memory: "small" },
  },
  "own, float16 file, small": {
    starter: "own",
    file: packedFile("float16"),
    options: { memory: "small" },
  },
  "stock, int8 file": { starter: "stock", file: packedFile("int8") },
  "onnxruntime-web, .onnx": {
    starter: "onnxruntime",
    file: "bench/models/resnet18.onnx",
  },
};

/** Packs the weights by formula, as `layertap convert` packs a file. */
async function pack(dtype: WeightsDType): Promise<void> {
  if (!await whyMissing(packedFile(dtype))) return;
  const { convertWeights } = await import("../src/weights/convert.ts");
  const { formulaCheckpoint } = await import("../tests/support/formula.ts");
  const arch = "resnet18";
  const packed = await convertWeights(formulaCheckpoint(arch), { arch, dtype });
  await Deno.writeFile(packedFile(dtype), packed);
}

async function start(
  { starter, file, options = {} }: Case,
  threads: string,
): Promise<Started> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", "--allow-read"],
      // In the lock file, Deno would download onnxruntime-web for every task.
      ...starter === "onnxruntime" ? ["--no-lock"] : [],
      new URL("start_case.ts", import.meta.url).href,
      starter,
      file,
      threads,
      JSON.stringify(options),
    ],
    stderr: "inherit",
  }).output();
  if (!success) Deno.exit(1); // It printed why.
  return JSON.parse(new TextDecoder().decode(stdout));
}

const { values: { threads, rounds } } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "9" },
  },
});
await pack("int8");
await pack("float16");
const starts = new Map<string, Started[]>();
for (const [name, { file }] of Object.entries(cases)) {
  const missing = await whyMissing(file);
  if (missing) console.log(`skipped ${name}: ${missing}`);
  else starts.set(name, []);
}
// The first round fills the caches, of files and of compiled code.
for (let round = 0; round <= Number(rounds); round++) {
  for (const [name, started] of starts) {
    const one = await start(cases[name], threads);
    if (round > 0) started.push(one);
  }
}
const cells = (name: string, started: readonly Started[]) => {
  const times = started.map(({ milliseconds }) => milliseconds);
  const typical = (value: (one: Started) => number) =>
    median(started.map(value)).toFixed(0);
  return [
    name,
    median(times).toFixed(0),
    `${quantile(times, 0.25).toFixed(0)} to ${
      quantile(times, 0.75).toFixed(0)
    }`,
    Math.min(...times).toFixed(0),
    typical(({ cpuMilliseconds }) => cpuMilliseconds),
    typical(({ rss }) => rss / 1e6),
  ];
};
console.log(`${machine()}; ${threads} threads, load ${load()}\n`);
console.log(table([
  ["resnet18", "ms", "quartiles", "min", "CPU ms", "rss MB"],
  ...[...starts].map(([name, started]) => cells(name, started)),
]));
