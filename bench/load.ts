/**
 * `deno task bench:load`: memory and time of loading resnet50.
 *
 * @module
 */

import type { Loaded, Loader } from "./load_case.ts";
import { machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

const runs = 5;

const cases: readonly [name: string, loader: Loader, file: string][] = [
  ["Layertap, .pth", "layertap", "bench/models/resnet50.pth"],
  ["onnxruntime-web, .onnx", "onnxruntime", "bench/models/resnet50.onnx"],
];

/** Loads in a new process. This one stays small, since a child's peak may start at its parent's. */
async function load(loader: Loader, file: string): Promise<Loaded> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      // In the lock file, Deno would download onnxruntime-web for every task.
      "--no-lock",
      "--allow-read",
      new URL("load_case.ts", import.meta.url).href,
      loader,
      file,
    ],
    stderr: "inherit",
  }).output();
  if (!success) Deno.exit(1); // It printed why.
  return JSON.parse(new TextDecoder().decode(stdout));
}

const rows = [["MB", "before", "peak", "added", "ms"]];
for (const [name, loader, file] of cases) {
  const missing = await whyMissing(file);
  if (missing) {
    console.log(`skipped ${name}: ${missing}`);
    continue;
  }
  const all: Loaded[] = [];
  for (let run = 0; run < runs; run++) all.push(await load(loader, file));
  const typical = (value: (loaded: Loaded) => number) =>
    median(all.map(value)).toFixed(0);
  rows.push([
    name,
    typical(({ rssBefore }) => rssBefore / 1e6),
    typical(({ peakRss }) => peakRss / 1e6),
    typical(({ peakRss, rssBefore }) => (peakRss - rssBefore) / 1e6),
    typical(({ milliseconds }) => milliseconds),
  ]);
}
console.log(`${machine()}; medians of ${runs} runs\n`);
console.log(table(rows));
