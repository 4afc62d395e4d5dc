/**
 * What a command is, and how its arguments are read.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { requireOneOf } from "../errors/expected.ts";
import { nearest } from "../errors/nearest.ts";

/** Where a command reads and prints; `node:process` is such an object. */
export interface Io {
  /** Input of commands that accept `-`. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  /** For results; bytes with `--out -`. */
  readonly stdout: { write(content: string | Uint8Array): unknown };
  /** For everything else; progress bars appear only on a terminal. */
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** An option of a command: a flag, or one that takes a value. */
export interface Option {
  readonly help: string;
  /** Name of the value in the help, `FILE`; a flag has none. */
  readonly value?: string;
  /** The only values allowed; the help lists them. */
  readonly choices?: readonly string[];
  /** Other names of choices. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Parses the value; a `RangeError` becomes a usage error. */
  readonly read?: (text: string) => unknown;
  /** Takes several values, separated by commas or in several options. */
  readonly list?: boolean;
  readonly default?: string;
  readonly required?: boolean;
}

/** A command's options by name. */
export type Options = Readonly<Record<string, Option>>;

type Value<O extends Option> = O extends { list: true } ? string[]
  : O extends { read(text: string): infer T } ? T
  : O extends { choices: readonly (infer T)[] } ? T
  : O extends { value: string } ? string
  : boolean;

/** The parsed options; one without a default that was not given is undefined. */
export type Values<O extends Options> = {
  [Name in keyof O]:
    | Value<O[Name]>
    | (O[Name] extends { default: string } | { required: true } ? never
      : undefined);
};

/** A parsed command line. */
export interface Given<O extends Options> {
  readonly values: Values<O>;
  readonly operands: string[];
  readonly io: Io;
}

/** A command of the command line. */
export interface Command<O extends Options = Options> {
  /** One line that says what it does. */
  readonly purpose: string;
  /** Arguments besides options: `<one>`, `<many…>`, `[optional]`. */
  readonly operands: readonly string[];
  readonly options: O;
  /** A complete command line. */
  readonly example: string;
  /**
   * Runs the command.
   *
   * @throws {UsageError} If the options contradict each other.
   */
  run(given: Given<O>): void | Promise<void>;
}

/** Infers the types of a command's options. */
export function command<const O extends Options>(it: Command<O>): Command {
  return it as unknown as Command;
}

/** A wrong command line: exit status 2. */
export class UsageError extends Error {}

/**
 * Parses arguments.
 *
 * @throws {UsageError} If an option is unknown, incomplete or wrong, or an operand is missing or
 *   superfluous.
 */
export function parse(
  args: string[],
  { options, operands: names }: Pick<Command, "options" | "operands">,
): Omit<Given<Options>, "io"> {
  const { texts, operands } = split(args, options);
  const repeats = names.at(-1)?.includes("…");
  if (operands.length > names.length && !repeats) {
    throw new UsageError(`unexpected argument "${operands[names.length]}"`);
  }
  const missing = names[operands.length];
  if (missing?.startsWith("<")) throw new UsageError(`${missing} is missing`);
  const values = Object.entries(options).map(([name, option]) => {
    const text = texts.get(name) ?? option.default;
    if (option.required) {
      return [name, valueOf(name, option, required(name, text))];
    }
    return [name, text === undefined ? undefined : valueOf(name, option, text)];
  });
  return { values: Object.fromEntries(values), operands };
}

/** The text of each option, and the operands. */
function split(args: string[], options: Options) {
  const types = Object.entries(options).map(([name, { value }]) =>
    [name, { type: value ? "string" : "boolean" }] as const
  );
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(types),
    strict: false,
    tokens: true,
  });
  const texts = new Map<string, string>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (!Object.hasOwn(options, name)) {
      const known = [...Object.keys(options), "help"].map((n) => `--${n}`);
      throw unknownName("option", rawName, known);
    }
    const option = options[name];
    if (!option.value && value !== undefined) {
      throw new UsageError(`${rawName} takes no value`);
    }
    const isNext = !inlineValue && value?.startsWith("-") && value !== "-";
    if (option.value && (value === undefined || isNext)) {
      throw new UsageError(
        `${rawName} needs a value: ${rawName} ${option.value}`,
      );
    }
    const before = option.list ? texts.get(name) : undefined;
    texts.set(name, before === undefined ? value ?? "" : `${before},${value}`);
  }
  return { texts, operands };
}

function valueOf(name: string, option: Option, text: string): unknown {
  const { value, choices, aliases, list, read } = option;
  if (!value) return true;
  if (list) return text.split(",");
  if (choices) {
    const choice = aliases?.[text] ?? text;
    return checked(name, () => requireOneOf("", choice, choices));
  }
  return read ? checked(name, () => read(text)) : text;
}

/** Turns a `RangeError` into a usage error about an option; its advice is for programs. */
export function checked<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = error.message
      .replace(" archTable lists all", "")
      .replace("nodes()", '"layertap layers"');
    throw new UsageError(`--${option}: ${message}`);
  }
}

/** The value of an option that can't be omitted. */
export function required(name: string, value: string | undefined): string {
  if (value) return value;
  throw new UsageError(`--${name} is missing`);
}

/** The error for an unknown command or option. */
export function unknownName(
  kind: "command" | "option",
  name: string,
  known: Iterable<string>,
): UsageError {
  const [near] = nearest(name, known, 1);
  return new UsageError(`unknown ${kind} ${name}; did you mean ${near}?`);
}
