/**
 * 3x3 convolutions by Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015).
 *
 * @module
 */

import type { Block } from "./heap.ts";
import { panelChannels } from "./pack.ts";
import { cutWinograd } from "./planner.ts";
import type { Batch, Operands, Runtime } from "./runtime.ts";
import { winogradTable } from "./tables.ts";
import type { Fields } from "./tasks.ts";
import {
  transformFilter,
  untransformFilter,
  type WinogradOutputs,
  winogradSize,
} from "./winograd_filter.ts";

/** Of a convolution with kernel size 3, stride 1, dilation 1 and one group. */
export interface WinogradShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly padding: number;
}

/** A transformed filter. */
export class WinogradConv {
  readonly #block: Block;

  constructor(
    readonly runtime: Runtime,
    readonly shape: WinogradShape,
    readonly outputs: WinogradOutputs,
    filter: Float32Array,
  ) {
    const { inChannels: ins, outChannels: outs } = shape;
    this.#block = runtime.heap.weights(winogradSize(outs, ins, outputs));
    const packed = runtime.heap.view(this.#block);
    transformFilter(filter, outs, ins, outputs, packed);
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** The filter, OIHW, but for rounding. */
  unpack(): Float32Array {
    const { inChannels: ins, outChannels: outs } = this.shape;
    const packed = this.runtime.heap.view(this.#block);
    return untransformFilter(packed, outs, ins, this.outputs);
  }

  /** Convolves. */
  run({ images, height, width }: Batch, operands: Operands): void {
    const { outputs, runtime } = this, { pool, scratch, tables } = runtime;
    const { inChannels: ins, outChannels: outs, padding } = this.shape;
    const depth = 4 * ins, rowBytes = 4 * outs;
    const outHeight = height + 2 * padding - 2;
    const outWidth = width + 2 * padding - 2;
    const tilesWide = Math.ceil(outWidth / outputs);
    const tilesPerImage = Math.ceil(outHeight / outputs) * tilesWide;
    const tiles = images * tilesPerImage;
    const cut = cutWinograd({ tiles, ins, outs }, outputs, pool.threads);
    const components = (outputs + 2) ** 2;
    const together = cut.blockTiles || tiles;
    const copies = cut.blockTiles ? pool.threads : 1;
    const vXi = componentBytes(together * depth);
    const mXi = componentBytes(together * rowBytes);
    const v = scratch.take(copies * components * (vXi + mXi));
    const edgeThread = outputs ** 2 * rowBytes;
    const table = tables.get(
      `winograd,${[height, width, depth, padding, outputs]}`,
      () =>
        winogradTable({ height, width, pixelBytes: depth }, padding, outputs),
    );
    const fields: Fields<"winogradProduct"> = {
      ...operands,
      xImage: height * width * depth,
      zeros: runtime.zeros(depth),
      table,
      tilesPerImage,
      tiles,
      tilesPerChunk: cut.blockTiles || cut.tilesPerChunk,
      depth,
      v,
      vThread: components * vXi,
      vXi,
      u: this.#block.address,
      panelBytes: panelChannels * depth,
      panels: outs / panelChannels,
      panelsPerChunk: cut.panelsPerChunk,
      m: v + copies * components * vXi,
      mThread: components * mXi,
      mXi,
      yImage: outHeight * outWidth * rowBytes,
      rowBytes,
      tilesWide,
      height: outHeight,
      width: outWidth,
      edge: runtime.edges(edgeThread),
      edgeThread,
    };
    const chunks = Math.ceil(tiles / fields.tilesPerChunk);
    if (cut.blockTiles) {
      pool.run(`winogradBlock${outputs}`, chunks, fields);
      return;
    }
    const products = components *
      Math.ceil(fields.panels / cut.panelsPerChunk);
    pool.run(`winogradInput${outputs}`, chunks, fields);
    pool.run("winogradProduct", products, fields);
    pool.run(`winogradOutput${outputs}`, chunks, fields);
  }

  /** Frees the weights. */
  dispose(): void {
    this.#block.free();
  }
}

/** Pitch between components: a multiple of 4096 would put all of them into the same few cache lines. */
function componentBytes(bytes: number): number {
  return bytes % 4096 < 128 ? bytes + 192 : bytes;
}
