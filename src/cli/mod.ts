/**
 * The command line, `layertap <command>`, as a function.
 *
 * @example The shape of every layer
 * ```ts
 * import { main } from "@layertap/resnet/cli";
 * import assert from "node:assert/strict";
 *
 * let text = "";
 * const stdout = { write: (part: string) => text += part };
 * const status = await main(["layers"], { stdout, stderr: stdout });
 * assert.equal(status, 0);
 * assert.match(text, /^avgpool +\[-1, 512, 1, 1\]$/m);
 * ```
 *
 * @module
 */

import process from "node:process";
import config from "../../deno.json" with { type: "json" };
import { either, expected } from "../errors/expected.ts";
import { printable } from "../errors/printable.ts";
import { anomalyFit } from "./anomaly_fit.ts";
import { anomalyScore } from "./anomaly_score.ts";
import { classify } from "./classify.ts";
import {
  type Command,
  type Io,
  parse,
  unknownName,
  UsageError,
} from "./command.ts";
import { cache } from "./cache.ts";
import { compare } from "./compare.ts";
import { convert } from "./convert.ts";
import { extract } from "./extract.ts";
import { commandHelp, programHelp } from "./help.ts";
import { InterruptedError } from "./interrupt.ts";
import { fit } from "./fit.ts";
import { layers } from "./layers.ts";
import { pca } from "./pca.ts";
import { picture } from "./picture.ts";
import { plan } from "./plan.ts";
import { report } from "./report.ts";
import { serve } from "./serve.ts";
import { similar } from "./similar.ts";
import { summary } from "./summary.ts";
import { worker } from "./worker.ts";

export type { Io };

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    extract,
    similar,
    fit,
    pca,
    compare,
    classify,
    picture,
    report,
    "anomaly fit": anomalyFit,
    "anomaly score": anomalyScore,
    summary,
    layers,
    plan,
    serve,
    worker,
    convert,
    cache,
  }),
);

/**
 * Runs a command line.
 *
 * @param args The arguments after the program's name.
 * @param io Where to read and print. Default: the streams of the process.
 * @returns The exit status: 0 for success, 1 for a failure, 2 for a wrong command line, 130 after
 *   Ctrl+C. The last line on `io.stderr` is the reason.
 *
 * @example A wrong command line
 * ```ts
 * import { main } from "@layertap/resnet/cli";
 * import assert from "node:assert/strict";
 *
 * let text = "";
 * const stderr = { write: (part: string) => text += part };
 * const status = await main(["layers", "--arch"], { stdout: stderr, stderr });
 * assert.equal(status, 2);
 * assert.equal(
 *   text,
 *   "layertap: --arch needs a value: --arch NAME (see layertap layers --help)\n",
 * );
 * ```
 */
export async function main(
  args: readonly string[],
  io: Io = process,
): Promise<number> {
  const [name, ...rest] = named(args);
  try {
    await run(name, rest, io);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const help = commands.has(name) ? `${name} --help` : "--help";
    const hint = isUsage ? ` (see layertap ${help})` : "";
    io.stderr.write(`layertap: ${oneLine(error)}${hint}\n`);
    return isUsage ? 2 : error instanceof InterruptedError ? 130 : 1;
  }
}

/** The arguments, with a command of two words as one. */
function named([first, second, ...rest]: readonly string[]): string[] {
  const both = `${first} ${second}`;
  if (commands.has(both)) return [both, ...rest];
  const given = [first, second].filter((arg) => arg !== undefined);
  return [...given, ...rest];
}

async function run(
  name: string | undefined,
  args: string[],
  io: Io,
): Promise<void> {
  if (name === undefined) throw new UsageError("a command is missing");
  if (isHelp(name)) {
    io.stdout.write(programHelp(commands));
    return;
  }
  if (name === "--version") {
    io.stdout.write(`layertap ${config.version}\n`);
    return;
  }
  const command = commands.get(name);
  const longer = [...commands].filter(([long]) => long.startsWith(`${name} `));
  if (longer.length > 0 && isHelp(args[0] ?? "")) {
    const helps = longer.map(([long, command]) => commandHelp(long, command));
    io.stdout.write(helps.join("\n"));
    return;
  }
  if (!command && longer.length > 0) {
    const names = either(longer.map(([long]) => long));
    throw new UsageError(
      expected("", names, [name, ...args.slice(0, 1)].join(" ")),
    );
  }
  if (!command) {
    throw name.startsWith("-")
      ? unknownName("option", name, ["--help", "--version"])
      : unknownName("command", name, commands.keys());
  }
  if (args.some(isHelp)) {
    io.stdout.write(commandHelp(name, command));
    return;
  }
  await command.run({ ...parse(args, command), io });
}

const isHelp = (arg: string) => arg === "--help" || arg === "-h";

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(message.trim().replaceAll(/\s*\n\s*/g, " "));
}

/**
 * Runs the command line of this process and sets its exit code.
 *
 * @example A program that is the command line
 * ```ts
 * import { runProcess } from "@layertap/resnet/cli";
 *
 * if (import.meta.main) await runProcess();
 * ```
 */
export async function runProcess(): Promise<void> {
  process.stdout.on("error", (error: Error & { code?: string }) => {
    // A reader such as `head` may close the pipe early.
    if (error.code === "EPIPE") process.exit(0);
    process.stderr.write(`layertap: cannot print: ${oneLine(error)}\n`);
    process.exit(1);
  });
  process.exitCode = await main(process.argv.slice(2));
}

if (import.meta.main) await runProcess();
