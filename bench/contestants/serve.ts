/**
 * The child's side of the forward bench: a network that runs when its parent says so.
 *
 * Each contestant is a process of its own, since the number of threads is the process's. It takes
 * lines `run <passes>` on stdin and answers each with a JSON line on stdout.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { uniform } from "../../tests/support/formula.ts";

/** A network that is loaded and has its input. */
export interface Contestant {
  /** Library and version, e.g. `"onnxruntime-web 1.30.0"`. */
  readonly name: string;
  /** Threads that compute. */
  readonly threads: number;
  /** One forward pass of {@linkcode makeInput}'s, down to logits that JavaScript can read. */
  forward(): Float32Array | Promise<Float32Array>;
}

/** A contestant's first line. */
export interface Greeting {
  readonly name: string;
  readonly threads: number;
  /** The logits, 1000 for each picture, to see that all contestants compute the same. */
  readonly logits: readonly number[];
}

/** The input of every contestant: pictures of 224x224, NCHW. */
export function makeInput(batch: number): {
  readonly shape: readonly [number, number, number, number];
  readonly values: Float32Array;
} {
  return {
    shape: [batch, 3, 224, 224],
    values: uniform("input", batch * 3 * 224 * 224),
  };
}

/** Greets, then runs as often as it is told, until stdin ends. */
export async function serve(contestant: Contestant): Promise<void> {
  const { name, threads } = contestant;
  const logits = await contestant.forward();
  answer({ name, threads, logits: [...logits] } satisfies Greeting);
  for await (const line of createInterface({ input: process.stdin })) {
    answer(await time(contestant, Number(line.split(" ")[1])));
  }
  Deno.exit(); // Some libraries' workers would keep the process alive.
}

/** Milliseconds of each pass. */
async function time(
  contestant: Contestant,
  passes: number,
): Promise<number[]> {
  await contestant.forward(); // The caches hold what the others computed.
  const times: number[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now();
    await contestant.forward();
    times.push(performance.now() - start);
  }
  return times;
}

const answer = (value: Greeting | number[]) =>
  console.log(JSON.stringify(value));
