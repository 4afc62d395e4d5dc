import type { Module } from "../arch/module.ts";
import type { Trace } from "../arch/trace.ts";

/** How {@linkcode summary} counts and prints. */
export interface SummaryOptions {
  /**
   * The Python package whose table it is: `"torchsummary"` (1.5.1, the default) or `"torchinfo"`
   * (1.8.0, with the columns `output_size`, `num_params`, `mult_adds` and the variables' names).
   */
  readonly style?: "torchsummary" | "torchinfo";
  /** Pictures in a batch. Left out it is open (-1) and counts as one; in torchinfo's style it is 1. */
  readonly batchSize?: number;
  /**
   * Levels of the module tree that torchinfo's table shows: rows further in are counted into those
   * of the last level. Default 3, as there, which hides what is in a `downsample`.
   */
  readonly depth?: number;
}

/** One call of a module: a `ReLU` that is called three times has three rows. */
export interface SummaryRow {
  /** Path of the module as `named_modules()` has it: `"layer1.0.conv1"`; the root's is `""`. */
  readonly name: string;
  /** The node that comes out, `"layer1.0.relu_1"`; null if the cut goes through the module. */
  readonly node: string | null;
  /** PyTorch's class: `"Conv2d"`, `"Bottleneck"`. */
  readonly type: Module["type"];
  /** Level in the module tree: the root's is 0, that of `layer1.0.conv1` is 3. */
  readonly depth: number;
  /** NCHW, or `[N, C]` after `flatten`; null if the cut goes through the module. */
  readonly outputShape: readonly number[] | null;
  /** Elements of the module's own weights and biases: a container has none. */
  readonly params: number;
  /** Multiply-adds of the module itself for the batch, as torchinfo counts them. */
  readonly multAdds: number;
}

/** A network's rows and totals. Sizes are what the style's package reckons, for float32. */
export interface Summary {
  /**
   * In the table's order. torchsummary's: as the calls return, without `Sequential`s and the root.
   * torchinfo's: as the calls begin, all of them, whatever the depth that the text is cut at.
   */
  readonly rows: readonly SummaryRow[];
  /** Elements of all weights and biases; running statistics are none. */
  readonly totalParams: number;
  /** The same: in torchvision every parameter requires a gradient. */
  readonly trainableParams: number;
  /** 0, for that reason. */
  readonly nonTrainableParams: number;
  /** Multiply-adds of a forward pass. */
  readonly multAdds: number;
  /** Input in MB, which are 2^20 bytes in torchsummary and 10^6 in torchinfo; so the next three. */
  readonly inputMB: number;
  /** Outputs and their gradients. torchsummary counts every row, torchinfo those with parameters. */
  readonly forwardBackwardMB: number;
  /** Weights and biases. */
  readonly paramsMB: number;
  /** Sum of the other three. */
  readonly totalMB: number;
  /** The table, equal to the package's letter by letter, without the newline at its end. */
  toString(): string;
}

/** What the text is printed from. */
export type SummaryData = Omit<Summary, "toString">;

/** How one Python package chooses its rows, counts its sizes and prints its table. */
export interface SummaryStyle {
  readonly defaultBatchSize: number;
  readonly bytesPerMB: number;
  /** The rows in the table's order, for the nodes' NHWC shapes. */
  rows(
    trace: Trace,
    shapes: ReadonlyMap<string, readonly number[]>,
  ): SummaryRow[];
  /** Whether the row's output is part of the forward/backward size. */
  countsOutput(row: SummaryRow): boolean;
  /** The table; `depth` is {@linkcode SummaryOptions.depth}. */
  print(data: SummaryData, depth: number): string;
}
