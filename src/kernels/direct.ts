/**
 * Convolutions as they are defined: sums over taps.
 *
 * @module
 */

import { outputSize, tilesOf, type Window } from "./geometry.ts";
import type { Block } from "./heap.ts";
import {
  type FilterShape,
  packedSize,
  packFilter,
  panelChannels,
  panelsOf,
  unpackFilter,
} from "./pack.ts";
import { cutDirect } from "./planner.ts";
import type { Batch, Operands, Runtime } from "./runtime.ts";
import { convolutionTable } from "./tables.ts";

/** A filter in groups, for a window. */
export interface DirectShape extends Window {
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** Bytes of a tile of output that has no place in the output: more than 6 rows of 8 floats. */
const edgeBytes = 256;

/** A packed filter that is convolved directly. */
export class DirectConv {
  readonly #block: Block;
  /** As packed: two groups of four channels are one of eight. */
  readonly filterShape: FilterShape;
  /** Bytes between the inputs of a panel's two groups, or 0. */
  readonly #spread: number;

  constructor(
    readonly runtime: Runtime,
    readonly shape: DirectShape,
    filter: Float32Array,
  ) {
    const { groups, inChannels, outChannels, kernelSize } = shape;
    const ins = inChannels / groups, outs = outChannels / groups;
    const paired = ins === 4 && outs === 4 && groups % 2 === 0;
    this.#spread = paired ? 16 : 0;
    this.filterShape = {
      groups: paired ? groups / 2 : groups,
      outs: paired ? 2 * outs : outs,
      ins,
      taps: kernelSize ** 2,
    };
    const { heap } = runtime;
    this.#block = heap.weights(packedSize(this.filterShape));
    packFilter(filter, this.filterShape, heap.view(this.#block));
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** The filter, OIHW. */
  unpack(): Float32Array {
    const packed = this.runtime.heap.view(this.#block);
    return unpackFilter(packed, this.filterShape);
  }

  /** Convolves. */
  run(batch: Batch, operands: Operands): void {
    const { shape } = this;
    // Few channels make short rows; with zeros around the image a filter's row is one.
    const rowwise = shape.inChannels % 8 !== 0 && shape.groups === 1 &&
      shape.dilation === 1 && shape.kernelSize > 1;
    if (!rowwise) return this.#run(batch, operands, shape, shape.kernelSize);
    const { padding } = shape;
    const padded = {
      images: batch.images,
      height: batch.height + 2 * padding,
      width: batch.width + 2 * padding,
    };
    const x = this.#pad(batch, padded, operands.x);
    const window = { ...shape, padding: 0 };
    this.#run(padded, { ...operands, x }, window, 1);
  }

  #pad(batch: Batch, padded: Batch, x: number): number {
    const { runtime: { scratch, pool }, shape } = this;
    const pixelBytes = 4 * shape.inChannels;
    const paddedRowBytes = padded.width * pixelBytes;
    const rows = padded.images * padded.height;
    const y = scratch.take(rows * paddedRowBytes);
    const rowsPerChunk = Math.ceil(rows / pool.threads);
    pool.run("pad", Math.ceil(rows / rowsPerChunk), {
      x,
      height: batch.height,
      rowBytes: batch.width * pixelBytes,
      y,
      paddedHeight: padded.height,
      paddedRowBytes,
      paddingRows: shape.padding,
      paddingBytes: shape.padding * pixelBytes,
      rows,
      rowsPerChunk,
    });
    return y;
  }

  #run(
    { images, height, width }: Batch,
    { x, y, residual, bias, low }: Operands,
    window: Window,
    tapsWide: number,
  ): void {
    const { runtime, shape, filterShape } = this;
    const { ins, outs, groups } = filterShape;
    const { kernelSize } = window;
    const pixelBytes = 4 * shape.inChannels;
    const depth = 4 * ins * (kernelSize / tapsWide);
    const rowsPerImage = outputSize(height, window) *
      outputSize(width, window);
    const tilesPerImage = tilesOf(rowsPerImage, runtime.rows).length;
    const tiles = images * tilesPerImage;
    const panelsPerGroup = panelsOf(filterShape);
    const panels = groups * panelsPerGroup;
    const imageBytes = height * width * pixelBytes;
    const rows = images * rowsPerImage;
    const taps = kernelSize ** 2;
    const cut = cutDirect({
      tiles,
      panels,
      inputBytes: Math.min(
        images * imageBytes,
        rows * taps * pixelBytes,
      ),
      outputBytes: rows * 4 * shape.outChannels,
      weightBytes: this.#block.bytes,
      products: rows * panels * panelChannels * ins * taps,
    }, runtime.pool.threads);
    const key = [
      "direct",
      height,
      width,
      pixelBytes,
      ...[kernelSize, window.stride, window.padding, window.dilation],
      tapsWide,
    ].join();
    const table = runtime.tables.get(
      key,
      () =>
        convolutionTable(
          { height, width, pixelBytes },
          { ...window, tapsWide },
          runtime.rows,
        ),
    );
    runtime.pool.run("convolve", cut.chunks, {
      x,
      xImage: imageBytes,
      groupBytes: this.#spread ? 2 * 4 * ins : 4 * ins,
      zeros: runtime.zeros(depth + this.#spread),
      table,
      taps: kernelSize * tapsWide,
      depth,
      spread: this.#spread,
      weights: this.#block.address,
      panelBytes: 4 * panelChannels * taps * ins,
      panels,
      panelsPerGroup,
      panelsPerChunk: cut.panelsPerChunk,
      groupChannels: outs,
      tiles,
      tilesPerImage,
      tilesPerChunk: cut.tilesPerChunk,
      rowsPerImage,
      bias,
      y,
      rowBytes: 4 * shape.outChannels,
      residual,
      low,
      edge: runtime.edges(edgeBytes),
      edgeThread: edgeBytes,
    });
  }

  /** Frees the weights. */
  dispose(): void {
    this.#block.free();
  }
}
