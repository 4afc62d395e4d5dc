/**
 * Gives a parser mutated files. It must read each, or refuse it as it should, without taking far longer
 * than for a good file and without allocating more than its size allows.
 *
 * @module
 */

import { unzipSync, type Zippable, zipSync } from "fflate";
import { seededRandom } from "../tests/weights/fixtures.ts";
import { mutate } from "./fuzz_mutate.ts";
import {
  type Bytes,
  namesBytes,
  type Parser,
  type ParserName,
  parsers,
} from "./fuzz_parsers.ts";

/** The result of one parser's inputs. */
export interface Report {
  /** How many were rejected. */
  readonly refused: number;
  /** Milliseconds of the slowest input, and its seed. */
  readonly slowest: { readonly milliseconds: number; readonly seed: number };
  /** Peak resident memory, in bytes. */
  readonly peakRss: number;
}

/** Bytes that any input may allocate, since the libraries have buffers of fixed sizes. */
const FREE_BYTES = 2 ** 20;

/** Longest time for an input, as a multiple of the slowest sample's. */
const SLOWDOWN = 1000;

/**
 * Runs the inputs of consecutive seeds, starting at `seed`.
 *
 * @param onInput Called with the number of each before it is parsed.
 * @throws {Error} At the first failure; it names the seed.
 */
export async function fuzz(
  name: ParserName,
  count: number,
  seed: number,
  onInput: (index: number) => void = () => {},
): Promise<Report> {
  const parser: Parser = parsers[name];
  const { parse, samples: getSamples, zip } = parser;
  const { isRefusal = namesBytes, free = FREE_BYTES } = parser;
  const samples = await getSamples();
  let slowestSample = 0;
  for (const sample of samples) {
    const start = performance.now();
    await parse(sample);
    slowestSample = Math.max(slowestSample, performance.now() - start);
  }
  // A byte becomes four bytes of float32; deflate compresses 1032 to 1 at best.
  const factor = zip === "deflated" ? 4 * 1032 : 8;
  let refused = 0;
  let slowest = { milliseconds: 0, seed };
  let peakRss = 0;
  using allocations = countAllocations();
  for (let i = 0; i < count; i++, seed++) {
    onInput(i);
    const input = inputOf(samples, seed, parser);
    const fail = (why: string, cause?: unknown) => {
      throw new Error(`${name}, seed ${seed}: ${why}`, { cause });
    };
    allocations.largest = 0;
    const rss = Deno.memoryUsage().rss;
    const start = performance.now();
    try {
      await parse(input);
    } catch (error) {
      if (!isRefusal(error as Error)) fail("an error of another kind", error);
      refused++;
    }
    const milliseconds = performance.now() - start;
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, seed };
    if (milliseconds > SLOWDOWN * slowestSample) {
      fail(`${milliseconds} ms, a sample takes ${slowestSample} ms`);
    }
    const bound = free + factor * input.length;
    if (allocations.largest > bound) {
      fail(`${allocations.largest} bytes at once for ${input.length}`);
    }
    const growth = Deno.memoryUsage().rss - rss;
    if (growth > 64 * FREE_BYTES + bound) fail(`${growth} bytes of memory`);
    peakRss = Math.max(peakRss, rss + growth);
  }
  return { refused, slowest, peakRss };
}

/** A sample with a few changes, sometimes within an archive's files. */
function inputOf(
  samples: readonly Bytes[],
  seed: number,
  { zip, fix }: Parser,
): Bytes {
  const random = seededRandom(seed);
  const sample = samples[random(samples.length)];
  if (zip === undefined || random(2) === 0) {
    const input = mutate(sample, samples, random);
    if (random(2) === 0) fix?.(input);
    return input;
  }
  const entries = unzipSync(sample);
  const names = Object.keys(entries);
  // The first file lists the others.
  const name = names[random(2) === 0 ? 0 : random(names.length)];
  const others = Object.values(entries) as Bytes[];
  entries[name] = mutate(entries[name] as Bytes, others, random);
  const level = zip === "stored" ? 0 : 6;
  return zipSync(entries as Zippable, { level, mtime: "1980-01-01" });
}

/** Watches allocations of array buffers, and of typed arrays by length. */
function countAllocations(): { largest: number } & Disposable {
  const counter = { largest: 0 };
  const names = [
    "ArrayBuffer",
    "Int8Array",
    "Uint8Array",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "BigInt64Array",
    "Float32Array",
    "Float64Array",
  ] as const;
  const scope = globalThis as Record<string, unknown>;
  const originals = names.map((name) => globalThis[name]);
  for (const [i, name] of names.entries()) {
    scope[name] = new Proxy(originals[i], {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget);
        counter.largest = Math.max(counter.largest, made.byteLength);
        return made;
      },
    });
  }
  return Object.assign(counter, {
    [Symbol.dispose]() {
      for (const [i, name] of names.entries()) scope[name] = originals[i];
    },
  });
}
