/**
 * Sends `layertap worker` very many tiny pictures, pauses taking answers half way, and checks that
 * its memory doesn't grow.
 *
 *     deno task soak:worker [requests]
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { main } from "../src/cli/mod.ts";
import { encodePng } from "../src/image/encode_png.ts";
import { lines } from "../src/formats/lines.ts";

/** Requests until all code has run; after that, memory must not grow. */
const WARM_UP = 2000;

/** The result of a soak; memory is resident bytes. */
export interface WorkerSoak {
  /** Memory after the warm-up. */
  readonly first: number;
  /** The most memory after that. */
  readonly peak: number;
  /** Requests that it accepted during the pause. */
  readonly sentAhead: number;
  readonly seconds: number;
}

/** A tiny picture in base64; the 50th one is truncated. */
async function makePicture(i: number): Promise<string> {
  const data = Uint8Array.from({ length: 192 }, (_, k) => i * 7 + k * k);
  const png = await encodePng({ width: 8, height: 8, data });
  return png.subarray(0, i === 50 ? 60 : undefined).toBase64();
}

/** Starts a worker process that prints its memory on stderr. */
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
 * Sends requests, one in a hundred with a damaged picture, and checks all answers and their order.
 *
 * @param pause Milliseconds to stop taking answers, half way.
 */
export async function soakWorker(
  requests: number,
  pause: number,
): Promise<WorkerSoak> {
  const begin = performance.now();
  const args = ["--layer", "conv1", "--pool", "avg", "--threads", "1"];
  const child = startWorker(...args, "--protocol", "jsonl");
  const memory = { now: 0, first: 0, peak: 0, samples: 0 };
  const watching = (async () => {
    for await (const line of lines(child.stderr)) {
      memory.now = Number(line);
      assert.ok(memory.now > 0, line);
      memory.samples++;
      if (memory.first > 0) memory.peak = Math.max(memory.peak, memory.now);
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

  let answered = 0;
  let sentAhead = 0;
  for await (const line of lines(child.stdout)) {
    const { path, error, conv1 } = JSON.parse(line);
    assert.equal(path, `${answered}`);
    assert.equal(error !== undefined, answered % 100 === 50);
    assert.equal(conv1?.shape[0], error ? undefined : 64);
    answered++;
    if (answered === Math.min(WARM_UP, requests / 4)) memory.first = memory.now;
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
  const { first, peak, samples } = memory;
  // A worker that never lets its timers run would report no memory.
  assert.ok(samples > 10, `the worker reported its memory ${samples} times`);
  return { first, peak, sentAhead, seconds };
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
    const { first: before, peak, sentAhead, seconds } = await soakWorker(
      Number(first ?? 100_000),
      10_000,
    );
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    console.log(
      `${first ?? 100_000} requests in ${seconds.toFixed(0)} s: ` +
        `${megabytes(before)} after warm-up, ${megabytes(peak)} at most; ` +
        `${sentAhead} requests accepted during the pause`,
    );
    assert.ok(peak - before < 60e6, "memory grows");
  }
}
