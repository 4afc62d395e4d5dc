/**
 * What a network is made of, as data and as the text that PyTorch's users know.
 *
 * @module
 */

import { archRow } from "../arch/lookup.ts";
import { quoted } from "../errors/nearest.ts";
import { buildResNet } from "../arch/resnet.ts";
import type { ArchRow } from "../arch/table.ts";
import { inferShapes } from "../graph/shapes.ts";
import { type Trace, traceForward } from "../arch/trace.ts";
import { torchinfo } from "./torchinfo.ts";
import { torchsummary } from "./torchsummary.ts";
import type {
  Summary,
  SummaryOptions,
  SummaryRow,
  SummaryStyle,
} from "./types.ts";

export type { Summary, SummaryOptions, SummaryRow };

/**
 * The table of a network's layers with shapes, parameters and sizes, computed from shapes alone.
 *
 * @example Without any weights
 * ```ts
 * import { summary } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const table = summary("resnet50", [3, 224, 224]);
 * console.log(`${table}`);
 * assert.equal(table.totalParams, 25_557_032);
 * assert.deepEqual(table.rows[0].outputShape, [-1, 64, 112, 112]);
 * ```
 *
 * @param model A model, the name of an architecture, or a row of the caller's own.
 * @param inputSize `[C, H, W]` of one picture, as in torchsummary: `[3, 224, 224]`.
 * @throws {RangeError} If the name is unknown, or a size or an option is out of bounds.
 * @throws {TypeError} If `inputSize` isn't three numbers.
 */
export function summary(
  model: { readonly trace: Trace } | ArchRow | string,
  inputSize: readonly [number, number, number],
  options?: SummaryOptions,
): Summary {
  const trace = typeof model === "object" && model && "trace" in model
    ? model.trace
    : traceForward(buildResNet(archRow(model)));
  return summarize(trace, inputSize, options);
}

/** {@linkcode summary} of a trace, whole or cut. */
export function summarize(
  trace: Trace,
  inputSize: readonly [number, number, number],
  options: SummaryOptions = {},
): Summary {
  const { style: styleName = "torchsummary", batchSize, depth = 3 } = options;
  const style = styles.get(styleName);
  if (!style) {
    throw new RangeError(
      `no summary style ${JSON.stringify(styleName)}: ${
        quoted(styles.keys())
      } are allowed`,
    );
  }
  checkInputSize(inputSize);
  if (batchSize !== undefined) checkInteger("batchSize", batchSize, 1);
  checkInteger("depth", depth, 0);

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
  return { ...data, toString: () => style.print(data, depth) };
}

const styles: ReadonlyMap<string, SummaryStyle> = new Map([
  ["torchsummary", torchsummary],
  ["torchinfo", torchinfo],
]);

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

function outputElements({ outputShape }: SummaryRow): number {
  return outputShape ? Math.abs(outputShape.reduce((a, b) => a * b)) : 0;
}

function checkInputSize(size: readonly number[]): void {
  const allowed = "three positive integers [3, height, width] are allowed";
  if (!Array.isArray(size) || size.length !== 3) {
    throw new TypeError(
      `cannot summarize for an input size: got ${
        JSON.stringify(size)
      }, ${allowed}`,
    );
  }
  if (size[0] !== 3 || !size.every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new RangeError(
      `cannot summarize for an input size: got [${
        size.join(", ")
      }], ${allowed}`,
    );
  }
}

function checkInteger(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(
      `cannot summarize: ${name} is ${value}, integers from ${least} up are allowed`,
    );
  }
}
