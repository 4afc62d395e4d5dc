/**
 * Sends a server ten times as many requests as it can handle.
 *
 *     deno task soak:serve [--seconds 60] [--arch mlnet_resnet18]
 *
 * First it measures the rate of eight clients that repeat a request as soon as it is answered. Then it
 * sends requests at ten times that rate, each on a connection of its own, whether or not earlier ones
 * are answered. Then it measures the eight clients again.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { quantile } from "../bench/statistics.ts";
import type { HandlerOptions } from "../src/serve/mod.ts";

/** The result of a load test. */
export interface LoadReport {
  /** Requests per second of the eight clients, before and after. */
  readonly served: { readonly before: number; readonly after: number };
  /** Requests per second that were sent, and answered with 200, under the load. */
  readonly sent: number;
  readonly accepted: number;
  /** Number of answers by status; "failed" for none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Milliseconds of `/healthz` under the load: median, p95, maximum. */
  readonly health: readonly [number, number, number];
  /** Milliseconds of requests with status 200: median, p99. */
  readonly latency: readonly [number, number];
  /** Resident memory of the server in MiB: before, at the peak, at the end. */
  readonly memory: readonly [number, number, number];
}

const clients = 8;

/** Starts a server process with other options than the defaults. */
export async function startServer(arch: string, options: HandlerOptions = {}) {
  const process = new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", "--unstable-no-legacy-abort"],
      ...["--allow-read", "--allow-net=127.0.0.1"],
      new URL("serve_load_server.ts", import.meta.url).pathname,
      arch,
      JSON.stringify(options),
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value));
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await reader.cancel();
      const { code } = await process.status;
      if (code !== 0) throw new Error(`the server exited with ${code}`);
    },
  };
}

/** Loads a server for some seconds; measuring the rates takes another quarter of that each. */
export async function load(
  arch: string,
  picture: Uint8Array<ArrayBuffer>,
  seconds: number,
): Promise<LoadReport> {
  await using server = await startServer(arch);
  const { origin } = server;
  const ask = async () => {
    const response = await fetch(`${origin}/features?layer=layer4&pool=avg`, {
      method: "POST",
      body: picture,
    });
    if (response.ok) {
      const { pictures } = await response.json();
      if (pictures[0].features.layer4.length !== 512) {
        throw new Error("an answer has wrong features");
      }
    } else await response.body?.cancel();
    return response.status;
  };
  const memory = async () =>
    (await (await fetch(`${origin}/memory`)).json()) / 2 ** 20;

  const served = async () => {
    const end = performance.now() + 1000 * seconds / 4;
    let count = 0;
    const start = performance.now();
    await Promise.all(Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        const status = await ask();
        if (status !== 200) {
          throw new Error(`one of ${clients} clients got ${status}`);
        }
        count++;
      }
    }));
    return 1000 * count / (performance.now() - start);
  };

  await ask();
  const before = await served();
  const memories = [await memory()];
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  const health: number[] = [];
  const asked: Promise<void>[] = [];
  const begin = performance.now();
  const timed = async () => {
    const start = performance.now();
    const status = await ask().catch((error) => {
      if (error.message.includes("wrong features")) throw error;
      return "failed";
    });
    if (status === 200) latencies.push(performance.now() - start);
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const start = performance.now();
      const response = await fetch(`${origin}/healthz`);
      await response.body?.cancel();
      health.push(performance.now() - start);
      memories.push(await memory());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  let sent = 0;
  while (performance.now() - begin < 1000 * seconds) {
    const due = 10 * before * (performance.now() - begin) / 1000;
    for (; sent < due; sent++) asked.push(timed());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(asked);
  isOver = true;
  await watch;
  const peak = Math.max(...memories);
  const after = await served();
  return {
    served: { before, after },
    sent: sent / seconds,
    accepted: (statuses[200] ?? 0) / seconds,
    statuses,
    health: [
      quantile(health, 0.5),
      quantile(health, 0.95),
      Math.max(...health),
    ],
    latency: [quantile(latencies, 0.5), quantile(latencies, 0.99)],
    memory: [memories[0], peak, await memory()],
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      arch: { type: "string", default: "mlnet_resnet18" },
    },
  });
  const picture = await Deno.readFile("examples/images/rocket.jpg");
  const report = await load(values.arch, picture, Number(values.seconds));
  console.log(JSON.stringify(
    report,
    (_, value) =>
      typeof value === "number" ? Math.round(10 * value) / 10 : value,
    2,
  ));
  const { statuses, health, served, memory } = report;
  const others = Object.keys(statuses).filter((s) =>
    !["200", "429"].includes(s)
  );
  const wrong = [
    others.length > 0 && `answers of ${others}`,
    !statuses[429] && "no 429: the load was too low",
    health[1] > 50 && `/healthz took ${health[1]} ms at p95`,
    served.after < 0.8 * served.before && "slower afterwards",
    memory[1] > memory[0] + 256 && "memory grew",
  ].filter(Boolean);
  for (const what of wrong) console.error(what);
  if (wrong.length > 0) Deno.exit(1);
}
