/**
 * The ways to start the backend, and test steps from the report of a runtime.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BackendInfo, BackendOptions } from "../../../mod.ts";
import { cases, type Result } from "./cases.ts";

/** The report of a runtime. */
export interface Report {
  readonly info: BackendInfo;
  readonly results: readonly Result[];
}

/** Options of the backend. */
export type Setting = Required<Pick<BackendOptions, "kernels" | "threads">>;

/** Every set of kernels, with threads and without. */
export const settings: readonly Setting[] = [
  { kernels: "stock", threads: 1 },
  { kernels: "stock", threads: 2 },
  { kernels: "own", threads: 1 },
  { kernels: "own", threads: 2 },
];

/** The setting in a test's name. */
export function settingName({ kernels, threads }: Setting): string {
  return `${kernels} kernels, ${threads} thread${threads > 1 ? "s" : ""}`;
}

/** Makes a test step of each case, and checks that the backend follows the setting. */
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
