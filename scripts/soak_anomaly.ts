/**
 * Scores pictures by a bank, and checks that each score stays the same and that memory doesn't grow
 * after the first ones.
 *
 *     deno task soak:anomaly [pictures]
 *
 * @module
 */

import assert from "node:assert/strict";
import { createModel, decodeImage } from "../mod.ts";
import { fitPatchCore } from "../src/anomaly/mod.ts";
import { type Held, held } from "./soak_kernels.ts";

const folder = "examples/anomaly/images";
const good = Array.from(
  { length: 12 },
  (_, i) => `${folder}/good/${`${i}`.padStart(2, "0")}.jpg`,
);
const tried = ["good", "scratch", "spot", "hole"]
  .map((name) => `${folder}/test/${name}.jpg`);

/** Pictures after which all code has run. */
const warmUp = 100;

/**
 * Scores this many pictures, each decoded anew.
 *
 * @returns The memory use after the first pictures, the most later, and the last.
 */
export async function soakAnomaly(
  pictures: number,
): Promise<{ first: Held; peak: number; last: Held }> {
  using model = await createModel("mlnet_resnet18", "layer3", true);
  using bank = await fitPatchCore(model, good, { coreset: 0.1 });
  const want: number[] = [];
  let first = held(), peak = 0;
  for (let n = 0; n < pictures; n++) {
    const i = n % tried.length;
    const { score } = await bank.score(await decodeImage(tried[i]));
    want[i] ??= score;
    assert.equal(score, want[i], `picture ${n}`);
    if (n === Math.min(warmUp, pictures >> 1)) first = held();
    if (n > warmUp && n % 50 === 0) peak = Math.max(peak, held().rss);
  }
  return { first, peak, last: held() };
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 2000);
  const { first, peak, last } = await soakAnomaly(count);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  console.log("after the first pictures", first, "\nafter the last", last);
  console.log(`most in between: ${megabytes(peak)}`);
  assert.equal(last.tensors, first.tensors);
  assert.equal(last.wasm, first.wasm);
  assert(peak - first.rss < 60e6, "memory grows");
}
