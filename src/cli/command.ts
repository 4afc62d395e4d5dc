/**
 * What a command of the command line is, and how its arguments are read.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { nearest } from "../errors/nearest.ts";

/** Where a command reads and prints; `node:process` is such an object. */
export interface Io {
  /** What `-` stands for, where an operand may be that. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  /** For what was asked for. */
  readonly stdout: { write(text: string): unknown };
  /** For all else; a progress bar is drawn only if it is a terminal. */
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** One option, for `parseArgs` and for the help. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  /** What the help calls its value: `FILE`. */
  readonly value?: string;
  /** What the help says of it. */
  readonly help: string;
}

/** A command's options by name. */
export type Options = Readonly<Record<string, Option>>;

/** What was given for them. */
export type Values<O extends Options> = {
  [Name in keyof O]?: O[Name] extends { type: "boolean" } ? boolean
    : O[Name] extends { multiple: true } ? string[]
    : string;
};

/** A command of the command line. */
export interface Command {
  /** One line that says what it does. */
  readonly purpose: string;
  /** What it is given besides options, as the help writes it. */
  readonly operands: string;
  readonly options: Options;
  /** A whole command line. */
  readonly example: string;
  /**
   * Does it.
   *
   * @throws {UsageError} If the arguments don't say what to do.
   */
  run(args: string[], io: Io): void | Promise<void>;
}

/** The command line itself is wrong: exit status 2. */
export class UsageError extends Error {}

/**
 * Splits arguments into options and images.
 *
 * @param most How many images are allowed; if any are, at least one is wanted.
 * @param what What they are called, if they are no images.
 * @throws {UsageError} If an option is unknown, lacks its value or has one too many, or if there
 *   are too few or too many images.
 */
export function parse<const O extends Options>(
  args: string[],
  options: O,
  most: number,
  what = "image",
): { values: Values<O>; images: string[] } {
  // Once leniently, since the strict parser says what is wrong, but not what is near.
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "option" && !Object.hasOwn(options, token.name)) {
      const known = [...Object.keys(options), "help"].map((name) =>
        `--${name}`
      );
      throw unknownName("option", token.rawName, known);
    }
  }
  const { values, positionals: images } = parseStrictly(args, options);
  if (images.length > most) {
    throw new UsageError(`unexpected argument "${images[most]}"`);
  }
  if (images.length === 0 && most > 0) {
    throw new UsageError(`no ${what} is given`);
  }
  return { values: values as Values<O>, images };
}

function parseStrictly(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const [firstLine] = (error as Error).message.split("\n");
    throw new UsageError(firstLine);
  }
}

/** The error for an unknown command or option. */
export function unknownName(
  kind: "command" | "option",
  name: string,
  allowed: Iterable<string>,
): UsageError {
  const [near] = nearest(name, allowed, 1);
  return new UsageError(`unknown ${kind} ${name}: the nearest is ${near}`);
}

/** The value of an option that must be there. */
export function required(name: string, value: string | undefined): string {
  if (value) return value;
  throw new UsageError(`--${name} is missing`);
}

/** An option's value that must be one of a few. */
export function oneOf<const T extends string>(
  name: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((other) => other === value);
  if (found) return found;
  throw new UsageError(
    `--${name}: got "${value}", ${allowed.join(", ")} are allowed`,
  );
}

/** An option's value that must be a positive integer, if there is one. */
export function count(
  name: string,
  value: string | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new UsageError(
    `--${name}: got "${value}", integers from 1 are allowed`,
  );
}

/** `3,224,224`: the size of a network's input as PyTorch writes it. */
export function inputSize(
  value: string = "3,224,224",
): [number, number, number] {
  if (!/^3(,[1-9]\d{0,5}){2}$/.test(value)) {
    throw new UsageError(
      `--input: got "${value}", 3,height,width is allowed, as in 3,224,224`,
    );
  }
  const [, height, width] = value.split(",").map(Number);
  return [3, height, width];
}
