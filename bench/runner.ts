/**
 * The parent's side of the forward bench: one contestant in a separate process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { lines } from "../src/formats/lines.ts";
import type { Greeting } from "./contestants/serve.ts";

/** How to start a contestant. */
export interface Entry {
  /** Its file in `contestants/`. */
  readonly script: string;
  /** Arguments after the architecture and the batch size. */
  readonly args?: readonly string[];
  /** Permissions and other flags of `deno run`. */
  readonly flags?: readonly string[];
  /** Extension of the file in `models/` that it needs. */
  readonly model?: string;
}

/** A running contestant. */
export class Runner implements AsyncDisposable {
  private constructor(
    readonly greeting: Greeting,
    readonly process: Deno.ChildProcess,
    readonly input: WritableStreamDefaultWriter<Uint8Array>,
    readonly answers: AsyncIterator<string>,
  ) {}

  /**
   * Starts a contestant and waits for its first pass.
   *
   * @throws {Error} If it ends first.
   */
  static async start(
    arch: string,
    batch: number,
    { script, args = [], flags = [] }: Entry,
  ): Promise<Runner> {
    const file = fileURLToPath(
      new URL(`contestants/${script}`, import.meta.url),
    );
    const [command, ...before] = script.endsWith(".py")
      ? ["python3"]
      : [Deno.execPath(), "run", "--quiet", "--no-prompt", ...flags];
    const process = new Deno.Command(command, {
      args: [...before, file, arch, `${batch}`, ...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const answers = lines(process.stdout);
    const { value } = await answers.next();
    if (!value) throw new Error(`${script} ${args.join(" ")} did not start`);
    const writer = process.stdin.getWriter();
    return new Runner(JSON.parse(value), process, writer, answers);
  }

  /** Runs this many passes; returns the milliseconds of each. */
  async run(passes: number): Promise<number[]> {
    await this.input.write(new TextEncoder().encode(`run ${passes}\n`));
    const { value } = await this.answers.next();
    if (!value) throw new Error(`${this.greeting.name} died`);
    return JSON.parse(value);
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.input.close();
    await this.process.status;
  }
}
