/**
 * What the benches of extraction share: Layertap and torchvision, each in a process of its own.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A contestant's answer. */
export interface Answer {
  readonly seconds: number;
  /** Features of the last picture. */
  readonly last: readonly number[];
}

const contestant = (file: string) =>
  fileURLToPath(new URL(`contestants/${file}`, import.meta.url));

/** Commands by name; their arguments: arch, weights, draft as 0 or 1, pictures. */
export const contestants = (python: string): Record<string, string[]> => ({
  Layertap: [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", "--allow-read"],
    contestant("extract_layertap.ts"),
  ],
  torchvision: [python, contestant("extract_torchvision.py")],
});

/** Runs a command; returns what its last line of output says, or why it failed. */
export async function run<T = Answer>(
  [program, ...args]: readonly string[],
): Promise<T | string> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (success) return JSON.parse(text(stdout).trimEnd().split("\n").at(-1)!);
    return text(stderr).trimEnd().split("\n").at(-1)!;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Checks that a contestant computes the same features.
 *
 * @param within Part of the largest value.
 */
export function requireSame(
  name: string,
  got: Answer,
  want: Answer,
  within = 1e-4,
): void {
  const largest = Math.max(...want.last.map(Math.abs));
  const off = Math.max(...want.last.map((v, i) => Math.abs(v - got.last[i])));
  if (!(off <= within * largest)) {
    throw new Error(`${name}: its features are off by ${off}`);
  }
}
