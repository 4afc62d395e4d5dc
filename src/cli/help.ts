import type { Command, Option, Options } from "./command.ts";

/** The text of `layertap --help`. */
export function programHelp(commands: ReadonlyMap<string, Command>): string {
  const list = [...commands].map(([name, { purpose }]) =>
    [name, purpose] as const
  );
  return `The features of any layer of any torchvision ResNet.

Usage: layertap <command> [options]

${aligned(list)}

"layertap <command> --help" lists its options, "layertap --version" prints the
version. A picture is a path or a URL. A path that ends in .npy holds a batch:
float32 [N, 3, H, W], already normalized.
`;
}

/** The text of `layertap <command> --help`. */
export function commandHelp(
  name: string,
  { purpose, operands, options, example }: Command,
): string {
  const required = Object.entries(options)
    .filter(([, { required }]) => required)
    .map(([option, { value }]) => `--${option} ${value}`);
  const usage = ["layertap", name, ...operands, ...required, "[options]"];
  const indent = " ".repeat("Usage: layertap ".length);
  return `${purpose[0].toUpperCase()}${purpose.slice(1)}.

Usage: ${wrapped(usage, 72, indent)}

${aligned(optionLines(options))}

Example: ${example}
`;
}

function optionLines(options: Options): [string, string][] {
  return Object.entries(options).map(([name, option]) => [
    option.value ? `--${name} ${option.value}` : `--${name}`,
    helpOf(option),
  ]);
}

/** `what to draw (grid, overlay or cam; default: grid)` */
function helpOf({ help, choices = [], default: preset }: Option): string {
  const facts = choices.length > 0
    ? [`${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`]
    : [];
  if (preset) facts.push(`default: ${preset}`);
  return facts.length > 0 ? `${help} (${facts.join("; ")})` : help;
}

/** Two columns, 80 characters wide. */
function aligned(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([left]) => left.length));
  const indent = " ".repeat(width + 4);
  return lines.map(([left, right]) =>
    `  ${left.padEnd(width)}  ${wrapped(right.split(" "), 76 - width, indent)}`
  ).join("\n");
}

function wrapped(words: string[], width: number, indent: string): string {
  let line = 0;
  return words.map((word, i) => {
    line += word.length + 1;
    if (i === 0 || line <= width + 1) return i === 0 ? word : ` ${word}`;
    line = word.length + 1;
    return `\n${indent}${word}`;
  }).join("");
}
