/** Processes that soaks start and kill. */

import { fileURLToPath } from "node:url";

/** The path of a file of the project, relative to this folder. */
export const path = (relative: string) =>
  fileURLToPath(new URL(relative, import.meta.url));

/** Starts a Deno program. */
export function start(
  args: readonly string[],
  stderr: "null" | "piped" = "null",
): Deno.ChildProcess {
  return new Deno.Command("deno", {
    args: ["run", "--no-prompt", ...args],
    stdout: "null",
    stderr,
  }).spawn();
}

/** Starts `layertap extract`, which reads anything and writes to a folder. */
export function startExtract(
  folder: string,
  args: readonly string[],
  stderr?: "null" | "piped",
): Deno.ChildProcess {
  const flags = ["--allow-read", `--allow-write=${folder}`];
  const entry = path("../src/cli/mod.ts");
  return start([...flags, entry, "extract", folder, ...args], stderr);
}

/** Kills a process, which may have ended. */
export async function kill(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
  await child.status;
}

/** Kills a process after a random time of at most `longest` milliseconds. */
export async function killWithin(
  child: Deno.ChildProcess,
  longest: number,
): Promise<void> {
  await wait(Math.random() * longest);
  await kill(child);
}

/** Waits until a run has committed something: longer than its description is. */
export async function waitForRows(
  child: Deno.ChildProcess,
  out: string,
): Promise<void> {
  const journal = `${out}.part/journal`;
  let isRunning = true;
  child.status.then(() => isRunning = false);
  const enough = await sizeOf(journal) + 1000;
  while (isRunning && await sizeOf(journal) < enough) await wait(20);
}

const sizeOf = (path: string) =>
  Deno.stat(path).then(({ size }) => size, () => 0);

export const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
