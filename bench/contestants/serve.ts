/**
 * The child's side of the forward bench: a network that runs on request.
 *
 * Each contestant is a separate process, since the number of threads is fixed per process. It reads
 * lines `run <passes>` from stdin and answers each with a line of JSON on stdout.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { uniform } from "../../tests/support/uniform.ts";

/** A loaded network with its input. */
export interface Contestant {
  /** Library and version, e.g. `"onnxruntime-web 1.30.0"`. */
  readonly name: string;
  /** The number of threads that compute. */
  readonly threads: number;
  /** Runs one forward pass of {@linkcode makeInput}'s value, to logits that JavaScript can read. */
  forward(): Float32Array | Promise<Float32Array>;
}

/** A contestant's first line. */
export interface Greeting {
  readonly name: string;
  readonly threads: number;
  /** The logits, 1000 for each picture, to check that all contestants compute the same. */
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

/** Prints the greeting, then runs passes on request until stdin ends. */
export async function serve(contestant: Contestant): Promise<void> {
  const { name, threads } = contestant;
  const logits = await contestant.forward();
  answer({ name, threads, logits: [...logits] } satisfies Greeting);
  for await (const line of createInterface({ input: process.stdin })) {
    answer(await time(contestant, Number(line.split(" ")[1])));
  }
  Deno.exit(); // Some libraries' threads would keep the process alive.
}

/** Milliseconds of each pass. */
async function time(
  contestant: Contestant,
  passes: number,
): Promise<number[]> {
  await contestant.forward(); // Warms the caches after the others' turns.
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
