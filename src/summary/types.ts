import type { Module } from "../arch/module.ts";
import type { Trace } from "../arch/trace.ts";

/** The options of {@linkcode summary}. */
export interface SummaryOptions {
  /**
   * The Python package whose table to print: `"torchsummary"` (1.5.1) or `"torchinfo"` (1.8.0, with
   * the columns `output_size`, `num_params`, `mult_adds` and the variables' names). Default
   * `"torchsummary"`.
   */
  readonly style?: "torchsummary" | "torchinfo";
  /** Pictures in a batch. Default: open (-1, counted as 1); in torchinfo's style 1. */
  readonly batchSize?: number;
  /**
   * Levels of the module tree that torchinfo's table shows: rows of the last level include those
   * further in. Default 3, as in torchinfo, which hides the modules of a `downsample`.
   */
  readonly depth?: number;
}

/** One call of a module: a `ReLU` called three times has three rows. */
export interface SummaryRow {
  /** Path of the module as in `named_modules()`: `"layer1.0.conv1"`; the root's is `""`. */
  readonly name: string;
  /** The node that it returns, `"layer1.0.relu_1"`; null if the network ends inside the module. */
  readonly node: string | null;
  /** PyTorch's class: `"Conv2d"`, `"Bottleneck"`. */
  readonly type: Module["type"];
  /** Level in the module tree: the root's is 0, that of `layer1.0.conv1` is 3. */
  readonly depth: number;
  /** NCHW, or `[N, C]` after `flatten`; null if the network ends inside the module. */
  readonly outputShape: readonly number[] | null;
  /** Elements of the module's own weights and biases; a container's are 0. */
  readonly params: number;
  /** Multiply-adds of the module itself for the batch, as torchinfo counts them. */
  readonly multAdds: number;
}

/** A network's rows and totals. Sizes are for float32, as the style's package counts them. */
export interface Summary {
  /**
   * In the table's order. torchsummary's: as the calls return, without `Sequential`s and the root.
   * torchinfo's: as the calls begin, of any depth.
   */
  readonly rows: readonly SummaryRow[];
  /** Elements of all weights and biases, without running statistics. */
  readonly totalParams: number;
  /** The same: in torchvision every parameter requires a gradient. */
  readonly trainableParams: number;
  /** Always 0. */
  readonly nonTrainableParams: number;
  /** Multiply-adds of a forward pass. */
  readonly multAdds: number;
  /** Size of the input in MB: 2^20 bytes in torchsummary, 10^6 in torchinfo; so are the next three. */
  readonly inputMB: number;
  /** Outputs and their gradients. torchsummary counts every row, torchinfo those with parameters. */
  readonly forwardBackwardMB: number;
  /** Weights and biases. */
  readonly paramsMB: number;
  /** Sum of the other three. */
  readonly totalMB: number;
  /** The table, equal to the package's character by character, without the final newline. */
  toString(): string;
}

/** A summary without its text. */
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
