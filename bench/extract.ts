/**
 * `deno task bench:extract [arch]`: pictures to features, from files, beside torchvision in Python.
 *
 * @module
 */

import { load, machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import { median, quantile } from "./statistics.ts";
import { table } from "./table.ts";

const rounds = 5;
const pictures = Array.from(
  { length: 96 },
  (_, i) =>
    ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
      .map((name) => `examples/images/${name}`)[i % 4],
);

/** A contestant's answer. */
interface Answer {
  readonly seconds: number;
  /** Features of the last picture. */
  readonly last: readonly number[];
}

const contestant = (file: string) =>
  new URL(`contestants/${file}`, import.meta.url).pathname;

const contestants: readonly [name: string, command: readonly string[]][] = [
  ["Layertap", [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--allow-read"],
    contestant("extract_layertap.ts"),
  ]],
  ["torchvision", ["python3", contestant("extract_torchvision.py")]],
];

async function run(
  command: readonly string[],
  args: readonly string[],
): Promise<Answer | string> {
  const [program, ...rest] = [...command, ...args];
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: rest,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (success) return JSON.parse(text(stdout));
    return text(stderr).trimEnd().split("\n").at(-1)!;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Checks that a contestant computes the same features. */
function requireSame(name: string, got: Answer, want: Answer): void {
  const largest = Math.max(...want.last.map(Math.abs));
  const off = Math.max(...want.last.map((v, i) => Math.abs(v - got.last[i])));
  if (!(off <= 1e-4 * largest)) {
    throw new Error(`${name}: its features are off by ${off}`);
  }
}

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
  for (const [name, command] of contestants) {
    const answer = await run(command, [arch, weights, ...pictures]);
    if (typeof answer === "string") {
      if (round === 0) console.log(`skipped ${name}: ${answer}`);
      continue;
    }
    reference ??= answer;
    requireSame(name, answer, reference);
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
