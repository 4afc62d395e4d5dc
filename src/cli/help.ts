import type { Command, Options } from "./command.ts";

/** What `layertap --help` prints. */
export function programHelp(commands: ReadonlyMap<string, Command>): string {
  const list = [...commands].map(([name, { purpose }]) =>
    [name, purpose] as const
  );
  return `The features of any layer of any torchvision ResNet.

Usage: layertap <command> [options]

${aligned(list)}

layertap <command> --help says more; --version prints the version.
An image may be a path or a URL. One that ends in .npy is a batch, float32
[N, 3, H, W], normalized already.
`;
}

/** What `layertap <command> --help` prints. */
export function commandHelp(
  name: string,
  { purpose, operands, options, example }: Command,
): string {
  const usage = ["layertap", name, operands, "[options]"].filter(Boolean);
  return `${purpose[0].toUpperCase()}${purpose.slice(1)}.

Usage: ${usage.join(" ")}

${aligned(optionLines(options))}

Example: ${example}
`;
}

function optionLines(options: Options): [string, string][] {
  return Object.entries(options).map(([name, { value, help }]) => [
    value ? `--${name} ${value}` : `--${name}`,
    help,
  ]);
}

/** Two columns. */
function aligned(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
    .join("\n");
}
