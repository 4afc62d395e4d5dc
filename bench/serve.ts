/**
 * `deno task bench:serve [arch] [python]`: from a picture to its features over HTTP, beside a
 * FastAPI server with torchvision.
 *
 * @module
 */

import { lines } from "../src/formats/lines.ts";
import { load, machine } from "./machine.ts";
import { whyMissing } from "./model_file.ts";
import { requireSame } from "./require_same.ts";
import { quantile } from "./statistics.ts";
import { table } from "./table.ts";

const rounds = 4;
const secondsOfRound = 5;
const clientCounts = [1, 8];
const picture = await Deno.readFile("examples/images/rocket.jpg");

/** A listening server. */
interface Server {
  readonly process: Deno.ChildProcess;
  readonly origin: string;
}

async function start(command: readonly string[]): Promise<Server | string> {
  const [program, ...args] = command;
  let process: Deno.ChildProcess;
  try {
    process = new Deno.Command(program, {
      args,
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    return (error as Error).message;
  }
  let last = "it ended at once";
  for await (const line of lines(process.stderr)) {
    const origin = /listening on (http:\S+)/.exec(line)?.[1];
    if (origin) return { process, origin };
    last = line;
  }
  return last;
}

async function ask(origin: string): Promise<number[]> {
  const response = await fetch(`${origin}/features`, {
    method: "POST",
    body: picture,
    headers: { "content-type": "image/jpeg" },
  });
  if (!response.ok) throw new Error(`${origin} answers ${response.status}`);
  const { pictures: [{ features }] } = await response.json();
  return features.flatten;
}

/** Runs clients that repeat their request on each answer; returns the milliseconds of each. */
async function round(origin: string, clients: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + 1000 * secondsOfRound;
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() < end) {
      const start = performance.now();
      await ask(origin);
      times.push(performance.now() - start);
    }
  }));
  return times;
}

const [arch = "resnet50", python = "python3"] = Deno.args;
const weights = `bench/models/${arch}.pth`;
const missing = await whyMissing(weights);
if (missing) {
  console.error(missing);
  Deno.exit(1);
}
const here = (path: string) => new URL(path, import.meta.url).pathname;
const commands: readonly [name: string, command: readonly string[]][] = [
  ["Layertap", [
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt"],
    ...["--unstable-no-legacy-abort", "--allow-read", "--allow-net=127.0.0.1"],
    ...[
      here("../src/cli/mod.ts"),
      "serve",
      "--port",
      "0",
      "--layer",
      "flatten",
    ],
    ...["--arch", arch, "--weights", weights],
  ]],
  ["FastAPI, torchvision", [
    ...[python, here("contestants/serve_torchvision.py"), arch, weights],
  ]],
];
console.log(machine());
const before = load();
const servers = new Map<string, Server>();
let reference: number[] | undefined;
for (const [name, command] of commands) {
  const server = await start(command);
  if (typeof server === "string") {
    console.log(`skipped ${name}: ${server}`);
    continue;
  }
  servers.set(name, server);
  const features = await ask(server.origin);
  requireSame(name, features, reference ??= features, 1e-3);
}
const times = new Map<string, number[]>();
for (let i = 0; i <= rounds; i++) {
  for (const clients of clientCounts) {
    for (const [name, { origin }] of servers) {
      const all = await round(origin, clients);
      if (i === 0) continue; // A warm-up round.
      const key = `${name}, ${clients} client${clients > 1 ? "s" : ""}`;
      times.set(key, [...times.get(key) ?? [], ...all]);
    }
  }
}
for (const { process } of servers.values()) process.kill("SIGTERM");
console.log(`\n## ${arch}, a picture to its features over HTTP\n`);
console.log(table([
  ["", "requests/s", "p50, ms", "p99, ms"],
  ...[...times].toSorted(([a], [b]) => a < b ? -1 : 1).map(([name, all]) => [
    name,
    (all.length / rounds / secondsOfRound).toFixed(1),
    quantile(all, 0.5).toFixed(0),
    quantile(all, 0.99).toFixed(0),
  ]),
]));
console.log(
  `\n${rounds} rounds of ${secondsOfRound} s each, taking turns; ` +
    `load ${before} before, ${load()} after`,
);
