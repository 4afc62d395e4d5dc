import type { Address } from "./recording.ts";

/** A convolution's addresses. */
export interface Operands {
  readonly x: Address;
  readonly y: Address;
  /** 0: no residual. */
  readonly residual: Address;
  /** One float for each output channel, padded to whole panels. */
  readonly bias: Address;
  /** The lower bound of the results. */
  readonly low: number;
}

/** The size of a batch of images, `[N, H, W]`. */
export interface Batch {
  readonly images: number;
  readonly height: number;
  readonly width: number;
}
