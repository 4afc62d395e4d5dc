/**
 * Attacks a server, a worker and the command line on loopback, with files that are made here. Each
 * attack asserts what it may cost: bytes, entries, scans, and at most 1.5 times the memory that good
 * input of its kind takes. None may take a minute. Afterwards the server answers as before, with at
 * most 1.3 times its memory.
 *
 *     deno task attack [--short]
 *
 * @module
 */

import assert from "node:assert/strict";
import { startServer } from "../serve_load.ts";
import { archives } from "./archives.ts";
import { arrowStreams } from "./arrow.ts";
import { type Attack, Target } from "./attack.ts";
import { bodies } from "./bodies.ts";
import { multipart } from "./multipart.ts";
import { names } from "./names.ts";
import { pickles } from "./pickles.ts";
import { pictures } from "./pictures.ts";
import { progressive } from "./progressive.ts";
import { HostileServer, remote } from "./remote.ts";
import { sockets } from "./sockets.ts";
import { tar } from "./tar.ts";

/** The most memory at the peak, as a multiple of what good input takes, and afterwards. */
const mostPeak = 1.5, mostAfter = 1.3;

/** No attack may take longer. */
const guardSeconds = 60;

/** What an attack cost. */
export interface Cost {
  readonly kind: string;
  readonly name: string;
  readonly counted: string;
  readonly seconds: number;
  /** Peak bytes, as a multiple of good input's. */
  readonly memory: number;
}

/** What all attacks cost, and the server's resident bytes before and after. */
export interface Report {
  readonly costs: readonly Cost[];
  readonly server: { readonly first: number; readonly last: number };
}

const chelsea = await Deno.readFile("examples/images/chelsea.png");

/** Runs all attacks, or those of the short form. */
export async function attack(
  isShort: boolean,
  onCost: (cost: Cost) => void = () => {},
): Promise<Report> {
  await Deno.mkdir("out", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "out", prefix: "attack-" });
  await using hostile = new HostileServer();
  await using server = await startServer("mlnet_resnet18", {
    allowedHosts: [hostile.host],
    limits: { bodySeconds: 4 },
  });
  const target = new Target(server, folder);
  const rss = async (): Promise<number> =>
    await (await fetch(`${server.origin}/memory`)).json();
  const kinds: Record<string, readonly Attack[]> = {
    ...{ bodies, multipart, pictures, progressive },
    ...{ archives, tar, pickles, remote: remote(hostile) },
    ...{ arrow: arrowStreams, sockets, names },
  };
  /** Runs something, and says how much memory the target took at its peak. */
  const peakOf = async (
    which: Attack["target"],
    run: () => Promise<unknown>,
  ) => {
    target.peak = 0;
    let peak = await rss(), isOver = false;
    const watching = (async () => {
      while (!isOver) {
        peak = Math.max(peak, await rss());
        await pause(20);
      }
    })();
    try {
      await run();
    } finally {
      isOver = true;
      await watching;
    }
    return which === "server" ? peak : target.peak;
  };
  try {
    await ordinaryLoad(target);
    const before = await answers(target);
    const first = await settled(rss);
    const costs: Cost[] = [];
    for (const [kind, list] of Object.entries(kinds)) {
      for (const one of list) {
        if (isShort && !one.isShort) continue;
        const usual = await peakOf(one.target, () => one.good(target));
        const begin = performance.now();
        let counted = "";
        const work = async () => counted = await one.bad(target);
        const peak = await peakOf(
          one.target,
          () => guarded(work(), `${kind}: ${one.name}`),
        );
        const seconds = (performance.now() - begin) / 1000;
        const cost = {
          kind,
          name: one.name,
          counted,
          seconds,
          memory: peak / usual,
        };
        onCost(cost);
        costs.push(cost);
        assert(cost.memory <= mostPeak, JSON.stringify(cost));
        assert.deepEqual(await answers(target), before, one.name);
      }
    }
    await ordinaryLoad(target);
    return { costs, server: { first, last: await settled(rss) } };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Pictures one by one, and in full batches. */
async function ordinaryLoad(target: Target): Promise<void> {
  const form = new FormData();
  for (let i = 0; i < 8; i++) form.append("image", new Blob([chelsea]));
  for (let i = 0; i < 10; i++) {
    await answers(target);
    const { status } = await target.post("/features?pool=avg", form);
    assert.equal(status, 200);
  }
}

/** What the server answers to a good picture. */
async function answers(target: Target): Promise<unknown> {
  const { status, answer } = await target.post("/features?pool=avg", chelsea);
  assert.equal(status, 200, answer);
  return JSON.parse(answer).pictures[0].features;
}

/** The least memory within five seconds: V8 gives its garbage back when it is idle. */
async function settled(rss: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    await pause(1000);
    least = Math.min(least, await rss());
  }
  return least;
}

/** Rejects if the work hangs. */
async function guarded(work: Promise<unknown>, name: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${name}: no end within ${guardSeconds} s`)),
      1000 * guardSeconds,
    );
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

if (import.meta.main) {
  const { server: { first, last } } = await attack(
    Deno.args.includes("--short"),
    ({ kind, name, counted, seconds, memory }) =>
      console.log(
        [
          `${seconds.toFixed(1)} s`.padStart(7),
          `memory ${memory.toFixed(2)}`,
          `${kind}: ${name}: ${counted}`,
        ].join("  "),
      ),
  );
  const MB = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const ratio = last / first;
  console.log(
    `the server: ${MB(first)} at first, ${MB(last)} at the end, ${
      ratio.toFixed(2)
    }`,
  );
  if (ratio > mostAfter) Deno.exit(1);
}
