/**
 * The contestants of the extraction benches: Layertap and torchvision, each in its own process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A contestant's answer. */
export interface Answer {
  readonly seconds: number;
  /** Of all its threads and processes. */
  readonly cpuSeconds: number;
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

/** Runs a command; returns the JSON of its last line of output, or why it failed. */
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
