/**
 * Feeds the parsers of weights, pictures and a worker's requests with mutated files.
 *
 *     deno task fuzz [parser…] [--count 100000] [--seed 0]
 *
 * A seed determines an input; a run uses consecutive seeds. `fuzz_run.ts` defines failures; a
 * parser's first failure ends the run and prints its seed.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type ParserName, parsers } from "./fuzz_parsers.ts";
import type { Report } from "./fuzz_run.ts";
import type { Job } from "./fuzz_worker.ts";

/** Runs a parser on a thread, which can be ended even if it hangs. */
function run(job: Job): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), {
    type: "module",
  });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  const place = new Int32Array(job.place);
  let seen = -1;
  const watch = setInterval(() => {
    const at = Atomics.load(place, 0);
    if (at === seen) {
      reject(new Error(`${job.parser}, seed ${job.seed + at}: it hangs`));
    }
    seen = at;
  }, 20_000);
  worker.postMessage(job);
  return promise.finally(() => {
    clearInterval(watch);
    worker.terminate();
  });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "0" },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
const names = positionals.length > 0 ? positionals : Object.keys(parsers);
for (const parser of names as ParserName[]) {
  const place = new SharedArrayBuffer(4);
  const { refused, slowest, peakRss } = await run(
    { parser, count, seed, place },
  );
  console.log(
    `${parser}: ${count} inputs, ${refused} refused, slowest ${
      slowest.milliseconds.toFixed(1)
    } ms (seed ${slowest.seed}), peak rss ${Math.round(peakRss / 2 ** 20)} MiB`,
  );
}
