/**
 * From what a runtime prints to test steps, and the ways in which the backend starts.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BackendInfo, BackendOptions } from "../../../mod.ts";
import { cases, type Result } from "./cases.ts";

/** What a runtime says of itself and the contract. */
export interface Report {
  readonly info: BackendInfo;
  readonly results: readonly Result[];
}

/** A way to start. */
export type Setting = Required<Pick<BackendOptions, "kernels" | "threads">>;

/** Every set of kernels, with threads and without. */
export const settings: readonly Setting[] = [
  { kernels: "stock", threads: 1 },
  { kernels: "stock", threads: 2 },
  { kernels: "own", threads: 1 },
  { kernels: "own", threads: 2 },
];

/** As a test's name has it. */
export function settingName({ kernels, threads }: Setting): string {
  return `${kernels} kernels, ${threads} thread${threads > 1 ? "s" : ""}`;
}

/** One step for each case; the backend has to be what was asked for. */
export async function reportSteps(
  t: Deno.TestContext,
  { info, results }: Report,
  { kernels, threads }: Setting,
): Promise<void> {
  assert.equal(info.kernels, kernels);
  assert.equal(info.threads, threads, info.fallback);
  assert.deepEqual(results.map(({ name }) => name), Object.keys(cases));
  for (const { name, error } of results) {
    await t.step(name, () => assert.equal(error, null));
  }
}
