/**
 * `deno task bench:memory`: memory of resnet50, whole and truncated, loaded from a file.
 *
 * @module
 */

import { machine } from "./machine.ts";
import type { ModelOptions } from "../mod.ts";
import type { Report, Run } from "./memory_case.ts";
import { whyMissing } from "./model_file.ts";
import { table } from "./table.ts";

const file = "bench/models/resnet50.pth";

const cases: readonly [
  name: string,
  outputLayer: string,
  run: Run,
  options?: ModelOptions,
][] = [
  ["to layer2", "layer2", "forward"],
  ["to layer3", "layer3", "forward"],
  ["whole", "fc", "forward"],
  ["whole, extract fc and layer3", "fc", "extract"],
  ["whole, and truncated to layer3", "fc", "truncate"],
  ["whole, small, float32", "fc", "forward", {
    memory: "small",
    dtype: "float32",
  }],
  ["whole, small", "fc", "forward", { memory: "small" }],
  ["whole, small, int8", "fc", "forward", {
    memory: "small",
    dtype: "int8",
  }],
];

/**
 * Runs a case in a new process.
 *
 * On Linux the peak of a process starts at its parent's, so this one stays small: it loads neither
 * a model nor the code for it.
 */
async function measure(
  outputLayer: string,
  run: Run,
  options: ModelOptions = {},
): Promise<Report> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      `--allow-read=${file}`,
      new URL("memory_case.ts", import.meta.url).href,
      file,
      outputLayer,
      run,
      JSON.stringify(options),
    ],
    stderr: "inherit",
  }).output();
  if (!success) Deno.exit(1); // It printed why.
  return JSON.parse(new TextDecoder().decode(stdout));
}

const MB = (bytes: number) => (bytes / 1e6).toFixed(1);

function cells(
  name: string,
  { created, ran, weightBytes }: Report,
): string[] {
  return [
    name,
    MB(weightBytes),
    `${ran.tensors}`,
    MB(ran.tensorBytes),
    MB(created.wasmHeap),
    MB(ran.wasmHeap),
    MB(ran.jsHeap),
    MB(ran.rss),
    MB(created.peakRss),
    MB(ran.peakRss),
  ];
}

const missing = await whyMissing(file);
if (missing) {
  console.error(missing);
  Deno.exit(1);
}
const reports: [string, Report][] = [];
for (const [name, outputLayer, run, options] of cases) {
  reports.push([name, await measure(outputLayer, run, options)]);
}
const [[, { started }]] = reports;
console.log(`${machine()}\n`);
console.log(table([
  [
    "MB",
    "weights",
    "tensors",
    "in tensors",
    "wasm, created",
    "wasm, ran",
    "JS heap",
    "rss, ran",
    "peak rss, created",
    "peak rss, ran",
  ],
  cells("no model", {
    started,
    created: started,
    ran: started,
    weightBytes: 0,
  }),
  ...reports.map(([name, report]) => cells(name, report)),
]));
