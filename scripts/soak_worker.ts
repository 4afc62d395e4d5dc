/**
 * Asks `layertap worker` for very many tiny pictures, and stops taking answers in the middle:
 * memory doesn't grow.
 *
 *     deno task soak:worker [requests]
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { main } from "../src/cli.ts";
import { encodePng } from "../src/image/encode_png.ts";
import { lines } from "../src/formats/lines.ts";

/** Resident bytes of a worker, and how fast it was. */
export interface WorkerSoak {
  /** The most in each tenth of the requests. V8 collects late: it goes up and down by tens of MB. */
  readonly peaks: readonly number[];
  /** What it was sent while nobody took its answers. */
  readonly sentAhead: number;
  readonly seconds: number;
}

/** A tiny picture in base64; the 50th is cut short. */
async function makePicture(i: number): Promise<string> {
  const data = Uint8Array.from({ length: 192 }, (_, k) => i * 7 + k * k);
  const png = await encodePng({ width: 8, height: 8, data });
  return png.subarray(0, i === 50 ? 60 : undefined).toBase64();
}

/** Runs a worker in a process of its own, which tells its memory on stderr. */
function startWorker(...args: string[]) {
  return new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--allow-read"],
      ...[fileURLToPath(import.meta.url), "worker", ...args],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Sends requests, one in a hundred with a picture that is damaged, and checks that each is answered,
 * in order.
 *
 * @param pause Milliseconds for which no answers are taken, when half of them are there.
 */
export async function soakWorker(
  requests: number,
  pause: number,
): Promise<WorkerSoak> {
  const begin = performance.now();
  const args = ["--layer", "conv1", "--pool", "avg", "--threads", "1"];
  const child = startWorker(...args, "--protocol", "jsonl");
  const peaks = new Array(10).fill(0);
  let answered = 0;
  const watching = (async () => {
    for await (const line of lines(child.stderr)) {
      assert.ok(Number(line) > 0, line);
      const tenth = Math.min(Math.floor(10 * answered / requests), 9);
      peaks[tenth] = Math.max(peaks[tenth], Number(line));
    }
  })();

  const pictures = await Promise.all(
    Array.from({ length: 100 }, (_, i) => makePicture(i)),
  );
  let sent = 0;
  const sending = (async () => {
    const writer = child.stdin.getWriter();
    const encoder = new TextEncoder();
    for (; sent < requests; sent++) {
      const base64 = pictures[sent % 100];
      const line = JSON.stringify({ path: `${sent}`, base64 });
      await writer.write(encoder.encode(`${line}\n`));
    }
    await writer.close();
  })();

  let sentAhead = 0;
  for await (const line of lines(child.stdout)) {
    const { path, error, conv1 } = JSON.parse(line);
    assert.equal(path, `${answered}`);
    assert.equal(error !== undefined, answered % 100 === 50);
    assert.equal(conv1?.shape[0], error ? undefined : 64);
    answered++;
    if (answered === requests / 2) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      sentAhead = sent - answered;
    }
  }
  await sending;
  await watching;
  assert.equal(answered, requests);
  assert.ok((await child.status).success, "the worker failed");
  const seconds = (performance.now() - begin) / 1000;
  return { peaks, sentAhead, seconds };
}

if (import.meta.main) {
  const [first, ...rest] = Deno.args;
  if (first === "worker") {
    const tell = () => console.error(Deno.memoryUsage().rss);
    const timer = setInterval(tell, 100);
    Deno.unrefTimer(timer);
    Deno.exitCode = await main([first, ...rest]);
    clearInterval(timer);
  } else {
    const requests = Number(first ?? 100_000);
    const { peaks, sentAhead, seconds } = await soakWorker(requests, 10_000);
    console.log(
      `${requests} requests in ${
        seconds.toFixed(0)
      } s; MB at most in each tenth: ` +
        `${peaks.map((bytes) => (bytes / 1e6).toFixed(0)).join(" ")}; ` +
        `${sentAhead} sent while no answers were taken`,
    );
    const [early, late] = [peaks.slice(0, 3), peaks.slice(3)]
      .map((some) => Math.max(...some));
    assert.ok(late - early < 30e6, "memory grows");
  }
}
