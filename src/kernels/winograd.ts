/**
 * 3x3 convolutions by Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015).
 *
 * @module
 */

import type { Filter } from "../arch/folded_conv.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { cutWinograd } from "./cut.ts";
import type { Device } from "./device.ts";
import type { Batch, Operands } from "./operands.ts";
import { PanelFilter } from "./panel_filter.ts";
import { panelChannels } from "./panels.ts";
import type { PlacedFields, Recording } from "./recording.ts";
import { winogradTable } from "./tables.ts";
import type { WinogradOutputs } from "./winograd_filter.ts";

/** A convolution with kernel size 3, stride 1, dilation 1 and one group. */
export interface WinogradShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly padding: number;
}

/** A transformed filter. */
export class WinogradConv {
  readonly #filter: PanelFilter;

  constructor(
    readonly device: Device,
    readonly shape: WinogradShape,
    readonly outputs: WinogradOutputs,
    filter: Filter,
    dtype: WeightsDType,
  ) {
    const { inChannels: ins, outChannels: outs } = shape;
    this.#filter = new PanelFilter(
      device,
      { groups: 1, outs, ins, taps: 9 },
      filter,
      dtype,
      outputs,
    );
  }

  get bytes(): number {
    return this.#filter.bytes;
  }

  /** The filter, OIHW, with the rounding errors of its transform. */
  read(): Float32Array {
    return this.#filter.read();
  }

  /** Records the convolution. */
  record(
    recording: Recording,
    { images, height, width }: Batch,
    operands: Operands,
  ): void {
    const { outputs, device: { pool } } = this;
    const { inChannels: ins, outChannels: outs, padding } = this.shape;
    const depth = 4 * ins, rowBytes = 4 * outs;
    const outHeight = height + 2 * padding - 2;
    const outWidth = width + 2 * padding - 2;
    const tilesWide = Math.ceil(outWidth / outputs);
    const tilesPerImage = Math.ceil(outHeight / outputs) * tilesWide;
    const tiles = images * tilesPerImage;
    const cut = cutWinograd({ tiles, ins, outs }, outputs, pool.threads);
    const tilesPerChunk = cut.blockTiles || cut.tilesPerChunk;
    const panels = outs / panelChannels;
    const components = (outputs + 2) ** 2;
    const together = cut.blockTiles || tiles;
    const copies = cut.blockTiles ? pool.threads : 1;
    const vXi = componentBytes(together * depth);
    const mXi = componentBytes(together * rowBytes);
    const v = recording.reserve([copies * components, vXi / 4]);
    const m = recording.reserve([copies * components, mXi / 4]);
    const edgeThread = outputs ** 2 * rowBytes;
    const edge = recording.reserveThreads(edgeThread);
    const { fields: filter } = this.#filter;
    const floats = recording.reserveThreads(filter.floatsThread);
    const table = recording.constant(
      `winograd,${[height, width, depth, padding, outputs]}`,
      tilesPerImage * components,
      () =>
        winogradTable({ height, width, pixelBytes: depth }, padding, outputs),
    );
    const fields: PlacedFields<"winogradProduct"> = {
      ...operands,
      xImage: height * width * depth,
      zeros: recording.zeros(depth),
      table,
      tilesPerImage,
      tiles,
      tilesPerChunk,
      depth,
      v,
      vThread: components * vXi,
      vXi,
      ...filter,
      floats,
      u: this.#filter.address,
      panels,
      panelsPerChunk: cut.panelsPerChunk,
      m,
      mThread: components * mXi,
      mXi,
      yImage: outHeight * outWidth * rowBytes,
      rowBytes,
      tilesWide,
      height: outHeight,
      width: outWidth,
      edge,
      edgeThread,
    };
    const chunks = Math.ceil(tiles / tilesPerChunk);
    if (cut.blockTiles) {
      recording.add(`winogradBlock${outputs}`, chunks, fields);
    } else {
      const products = components * Math.ceil(panels / cut.panelsPerChunk);
      recording.add(`winogradInput${outputs}`, chunks, fields);
      recording.add("winogradProduct", products, fields);
      recording.add(`winogradOutput${outputs}`, chunks, fields);
    }
    for (const place of [v, m, edge, floats]) recording.release(place);
  }

  /** Frees the weights. */
  dispose(): void {
    this.#filter.dispose();
  }
}

/** The pitch between components; with a multiple of 4096 all would share a few cache lines. */
function componentBytes(bytes: number): number {
  return bytes % 4096 < 128 ? bytes + 192 : bytes;
}
