/**
 * What an attack is, and what it is sent to.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { startServer } from "../serve_load.ts";

/** Bytes that claim, hide or take a lot, and what must become of them. */
export interface Attack {
  readonly name: string;
  /** Which process's memory counts: the server's, or that of the command line that it runs. */
  readonly target: "server" | "command";
  /** Good input of the same kind, whose peak is the measure. */
  good(target: Target): Promise<unknown>;
  /** The attack, which asserts what must hold. Returns what it counted, in words. */
  bad(target: Target): Promise<string>;
  /** Whether it is in the short form. */
  readonly isShort?: boolean;
}

/** The end of a command line. */
export interface Ended {
  readonly status: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

const text = new TextDecoder();

/** Where attacks go: a server process, and command lines. */
export class Target {
  /** The most resident bytes of a command line so far. */
  peak = 0;

  constructor(
    readonly server: Awaited<ReturnType<typeof startServer>>,
    /** A folder for files. */
    readonly folder: string,
  ) {}

  get port(): number {
    return Number(new URL(this.server.origin).port);
  }

  /** Posts a body; returns the status and the answer's text. */
  async post(
    path: string,
    body: BodyInit,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; answer: string }> {
    const url = `${this.server.origin}${path}`;
    const response = await fetch(url, { method: "POST", body, headers });
    return { status: response.status, answer: await response.text() };
  }

  /** Writes a file; returns its path. */
  async file(name: string, bytes: Uint8Array): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.writeFile(path, bytes);
    return path;
  }

  /** Runs `layertap` in a process of its own, which may read, and write to the folder. */
  async command(
    args: readonly string[],
    stdin: Uint8Array = new Uint8Array(),
  ): Promise<Ended> {
    // On Linux the peak of a process starts at its parent's; the shell's is small.
    const child = new Deno.Command("bash", {
      args: [
        ...["-c", '"$@"; exit $?', "bash"],
        ...[
          "deno",
          "run",
          "--quiet",
          "--no-prompt",
          "--no-check",
          "--allow-read",
        ],
        ...[`--allow-write=${this.folder}`, "--allow-net=127.0.0.1"],
        new URL("child.ts", import.meta.url).pathname,
        ...args,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // It may end before it has read everything.
    const written = writer.write(stdin).then(() => writer.close())
      .catch(() => {});
    const { code, stdout, stderr } = await child.output();
    await written;
    const [, said, peak] = /^([^]*)peak (\d+)\n$/.exec(text.decode(stderr)) ??
      [];
    assert(peak, `no peak: ${text.decode(stderr)}`);
    this.peak = Math.max(this.peak, Number(peak));
    return { status: code, stdout, stderr: said };
  }

  /** Runs a command line that must succeed. */
  async succeed(
    args: readonly string[],
    stdin?: Uint8Array,
  ): Promise<Uint8Array> {
    const { status, stdout, stderr } = await this.command(args, stdin);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  /** Runs a command line that must fail, with a reason. */
  async refuse(
    args: readonly string[],
    reason: RegExp,
    stdin?: Uint8Array,
  ): Promise<void> {
    const { status, stderr } = await this.command(args, stdin);
    assert.match(stderr, reason);
    assert.equal(status, 1, stderr);
  }
}

/** Checks a status. */
export function answered(
  { status, answer }: { status: number; answer: string },
  expected: number,
  detail: RegExp = /./,
): void {
  assert.equal(status, expected, answer.slice(0, 500));
  assert.match(answer, detail);
}
