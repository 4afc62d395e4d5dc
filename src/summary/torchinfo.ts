/**
 * The table of PyPI's torchinfo 1.8.0 (`formatting.py`, `layer_info.py`, `model_statistics.py`).
 *
 * @module
 */

import { fixed2, grouped, pythonList } from "./format.ts";
import { rowsByBeginning } from "./rows.ts";
import type { SummaryData, SummaryRow, SummaryStyle } from "./types.ts";

/**
 * Rows as modules begin, one for each module, as by torchinfo's pre-hooks.
 *
 * The input's size is that of the tensor; torchinfo adds the few bytes of its Python object.
 */
export const torchinfo: SummaryStyle = {
  defaultBatchSize: 1,
  bytesPerMB: 1e6,
  rows: rowsByBeginning,
  countsOutput: ({ params }) => params > 0,
  print,
};

const columnWidth = 25;

function print(data: SummaryData, depth: number): string {
  const { rows } = data;
  const titles = titlesOf(rows);
  const nameWidth = nameWidthOf(rows, titles);
  const line = (name: string, ...columns: string[]) =>
    [name.padEnd(nameWidth), ...columns.map((text) => text.padEnd(columnWidth))]
      .join(" ").trimEnd();
  const rule = "=".repeat(nameWidth + 3 * columnWidth);
  return [
    rule,
    line(
      "Layer (type (var_name):depth-idx)",
      "Output Shape",
      "Param #",
      "Mult-Adds",
    ),
    rule,
    ...rows.flatMap((row, i) =>
      row.depth > depth
        ? []
        : [line(branch(row.depth) + titles[i], ...columnsOf(row, rows, depth))]
    ),
    rule,
    `Total params: ${grouped(data.totalParams)}`,
    `Trainable params: ${grouped(data.trainableParams)}`,
    `Non-trainable params: ${grouped(data.nonTrainableParams)}`,
    `Total mult-adds ${readable(data.multAdds)}`,
    rule,
    `Input size (MB): ${fixed2(data.inputMB)}`,
    `Forward/backward pass size (MB): ${fixed2(data.forwardBackwardMB)}`,
    `Params size (MB): ${fixed2(data.paramsMB)}`,
    `Estimated Total Size (MB): ${fixed2(data.totalMB)}`,
    rule,
  ].join("\n");
}

/** `Conv2d (conv1): 3-7`: class, own name, level, and its number within the level. */
function titlesOf(rows: readonly SummaryRow[]): string[] {
  const seen: number[] = [];
  return rows.map(({ name, type, depth }) => {
    if (depth === 0) return `${type} (${type})`;
    seen[depth] = (seen[depth] ?? 0) + 1;
    return `${type} (${name.split(".").at(-1)}): ${depth}-${seen[depth]}`;
  });
}

/** At least 40, else the longest name with its indent, rounded up to a multiple of 5. */
function nameWidthOf(
  rows: readonly SummaryRow[],
  titles: readonly string[],
): number {
  const longest = Math.max(
    ...rows.map(({ depth }, i) => 5 * depth + 1 + titles[i].length),
  );
  return longest < 40 ? 40 : 5 * Math.ceil(longest / 5);
}

function branch(depth: number): string {
  if (depth === 0) return "";
  return depth === 1 ? "├─" : `${"│    ".repeat(depth - 1)}└─`;
}

/** A container on the deepest level shown has the sums of the modules inside. */
function columnsOf(
  row: SummaryRow,
  rows: readonly SummaryRow[],
  depth: number,
): string[] {
  const prefix = row.name === "" ? "" : `${row.name}.`;
  const counted = row.depth === depth
    ? rows.filter(({ name }) => name === row.name || name.startsWith(prefix))
    : [row];
  const params = counted.reduce((sum, { params }) => sum + params, 0);
  const multAdds = counted.reduce((sum, { multAdds }) => sum + multAdds, 0);
  const { outputShape } = row;
  return [
    outputShape ? pythonList(outputShape) : "--",
    params ? grouped(params) : "--",
    outputShape && multAdds ? grouped(multAdds) : "--",
  ];
}

function readable(count: number): string {
  const [unit, factor] = count >= 1e12
    ? ["T", 1e12] as const
    : count >= 1e9
    ? ["G", 1e9] as const
    : ["M", 1e6] as const;
  const value = count / factor;
  const text = Number.isInteger(value) ? `${value}` : fixed2(value);
  return `(${unit}): ${grouped(text)}`;
}
