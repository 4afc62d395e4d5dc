/**
 * `deno task bench:extract [arch]`: pictures to features, from files, beside torchvision in Python.
 *
 * @module
 */

import { type Answer, contestants, run } from "./extract_contestants.ts";
import { load, machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import { requireSame } from "./require_same.ts";
import { median, quantile } from "./statistics.ts";
import { table } from "./table.ts";

const rounds = 5;
const pictures = Array.from(
  { length: 96 },
  (_, i) =>
    ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
      .map((name) => `examples/images/${name}`)[i % 4],
);

const [arch = "resnet50"] = Deno.args;
const weights = `bench/models/${arch}.pth`;
const missing = await whyMissing(weights);
if (missing) {
  console.error(missing);
  Deno.exit(1);
}
console.log(machine());
const before = load();
const rates = new Map<string, number[]>();
let reference: Answer | undefined;
for (let round = 0; round < rounds; round++) {
  for (const [name, command] of Object.entries(contestants("python3"))) {
    const answer = await run([...command, arch, weights, "0", ...pictures]);
    if (typeof answer === "string") {
      if (round === 0) console.log(`skipped ${name}: ${answer}`);
      continue;
    }
    reference ??= answer;
    requireSame(name, answer.last, reference.last);
    const all = rates.get(name) ?? [];
    rates.set(name, [...all, pictures.length / answer.seconds]);
  }
}
console.log(`\n## ${arch}, files to features\n`);
console.log(table([
  ["", "pictures/s, median", "quartiles"],
  ...[...rates].map(([name, all]) => [
    name,
    median(all).toFixed(1),
    `${quantile(all, 0.25).toFixed(1)} to ${quantile(all, 0.75).toFixed(1)}`,
  ]),
]));
console.log(
  `\n${pictures.length} pictures in each of ${rounds} rounds; ` +
    `load ${before} before, ${load()} after`,
);
