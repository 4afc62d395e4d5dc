/**
 * The table of a network, as data and as the text that PyTorch's users know.
 *
 * @module
 */

import { expected, requireInteger, requireOneOf } from "../errors/expected.ts";
import type { Trace } from "../arch/trace.ts";
import { inferShapes } from "../graph/shapes.ts";
import { torchinfo } from "./torchinfo.ts";
import { torchsummary } from "./torchsummary.ts";
import type {
  Summary,
  SummaryOptions,
  SummaryRow,
  SummaryStyle,
} from "./types.ts";

export type { Summary, SummaryOptions, SummaryRow };

/** The table of a trace, whole or cut: see the function `summary`. */
export function summarize(
  trace: Trace,
  inputSize: readonly [number, number, number],
  options: SummaryOptions = {},
): Summary {
  const { style: name = "torchsummary", batchSize, depth = 3 } = options;
  const style = styles[requireOneOf("style", name, styleNames)];
  checkInputSize(inputSize);
  if (batchSize !== undefined) requireInteger("batchSize", batchSize, 1);
  requireInteger("depth", depth, 0);

  const [c, h, w] = inputSize;
  const batch = batchSize ?? style.defaultBatchSize;
  const rows = style.rows(trace, inferShapes(trace, [batch, h, w, c]));
  const params = sum(rows.map((row) => row.params));
  const outputs = sum(rows.filter(style.countsOutput).map(outputElements));
  const toMB = (elements: number) => 4 * elements / style.bytesPerMB;
  const pixels = Math.abs(batch) * c * h * w;
  const data = {
    rows,
    totalParams: params,
    trainableParams: params,
    nonTrainableParams: 0,
    multAdds: sum(rows.map((row) => row.multAdds)),
    inputMB: toMB(pixels),
    forwardBackwardMB: toMB(2 * outputs),
    paramsMB: toMB(params),
    totalMB: toMB(pixels + 2 * outputs + params),
  };
  const table = { ...data, toString: () => style.print(data, depth) };
  // What notebooks show; not enumerable, so that comparisons don't see it.
  return Object.defineProperty(table, Symbol.for("Jupyter.display"), {
    value: () => ({
      "text/plain": `${table}`,
      // No table has characters to escape. Notebooks' own styles would wrap its lines.
      "text/html": `<pre style="${tableStyle}">${table}</pre>`,
    }),
  });
}

const tableStyle =
  "font: 0.8rem/1.3 monospace; white-space: pre; overflow-x: auto";

const styles: Readonly<Record<string, SummaryStyle>> = {
  torchsummary,
  torchinfo,
};
const styleNames = Object.keys(styles);

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

function outputElements({ outputShape }: SummaryRow): number {
  return outputShape ? Math.abs(outputShape.reduce((a, b) => a * b)) : 0;
}

function checkInputSize(size: unknown): void {
  const message = () => expected("inputSize", "[3, height, width]", size);
  if (!Array.isArray(size) || size.length !== 3) throw new TypeError(message());
  if (size[0] !== 3 || !size.every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new RangeError(message());
  }
}
