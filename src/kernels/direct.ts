/**
 * Convolutions as they are defined: sums over taps.
 *
 * @module
 */

import type { Filter } from "../arch/folded_conv.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { cutDirect } from "./cut.ts";
import type { Device } from "./device.ts";
import { outputSize, tileCount, type Window } from "./geometry.ts";
import type { Batch, Operands } from "./operands.ts";
import { type FilterMemory, PanelFilter } from "./panel_filter.ts";
import { type FilterShape, panelChannels, panelsOf } from "./panels.ts";
import type { Place, Recording } from "./recording.ts";
import { convolutionTable } from "./tables.ts";
import { channelSteps } from "./tasks.ts";

/** A filter in groups, for a window. */
export interface DirectShape extends Window {
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** Bytes of a tile that doesn't fit into the output: more than 6 rows of 8 floats. */
const edgeBytes = 256;

/** A filter that is convolved directly. */
export class DirectConv {
  readonly #filter: PanelFilter;
  /** The filter's shape in panels, where two groups of four channels are one of eight. */
  readonly filterShape: FilterShape;
  /** Bytes between the inputs of a panel's two groups, or 0. */
  readonly #spread: number;

  constructor(
    readonly device: Device,
    readonly shape: DirectShape,
    filter: Filter,
    dtype: WeightsDType,
    memory: FilterMemory = "counted",
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
    this.#filter = new PanelFilter(
      device,
      this.filterShape,
      filter,
      dtype,
      undefined,
      memory,
    );
  }

  get bytes(): number {
    return this.#filter.bytes;
  }

  /** The filter, OIHW, rounded to its type. */
  read(): Float32Array {
    return this.#filter.read();
  }

  /** Bytes of the bias, padded to whole panels. */
  get biasBytes(): number {
    const { groups } = this.filterShape;
    return 4 * panelChannels * groups * panelsOf(this.filterShape);
  }

  /** Records the convolution. */
  record(recording: Recording, batch: Batch, operands: Operands): void {
    const { shape } = this;
    // Few channels make short rows. In a padded image, a row of the filter reads one long row.
    const rowwise = shape.inChannels % 8 !== 0 && shape.groups === 1 &&
      shape.dilation === 1 && shape.kernelSize > 1;
    if (!rowwise) {
      this.#record(recording, batch, operands, shape, shape.kernelSize);
      return;
    }
    const { padding } = shape;
    const padded = {
      images: batch.images,
      height: batch.height + 2 * padding,
      width: batch.width + 2 * padding,
    };
    const x = this.#pad(recording, batch, padded, operands.x);
    const window = { ...shape, padding: 0 };
    this.#record(recording, padded, { ...operands, x }, window, 1);
    recording.release(x);
  }

  #pad(
    recording: Recording,
    batch: Batch,
    padded: Batch,
    x: Operands["x"],
  ): Place {
    const { device: { pool }, shape } = this;
    const pixelBytes = 4 * shape.inChannels;
    const paddedRowBytes = padded.width * pixelBytes;
    const rows = padded.images * padded.height;
    const y = recording.reserve([rows, paddedRowBytes / 4]);
    const rowsPerChunk = Math.ceil(rows / pool.threads);
    recording.add("pad", Math.ceil(rows / rowsPerChunk), {
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

  #record(
    recording: Recording,
    { images, height, width }: Batch,
    { x, y, residual, bias, low }: Operands,
    window: Window,
    tapsWide: number,
  ): void {
    const { device, shape, filterShape } = this;
    const { ins, outs, groups } = filterShape;
    const { kernelSize } = window;
    const pixelBytes = 4 * shape.inChannels;
    const depth = 4 * ins * (kernelSize / tapsWide);
    const rowsPerImage = outputSize(height, window) *
      outputSize(width, window);
    const tilesPerImage = tileCount(rowsPerImage, device.rows);
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
      weightBytes: this.#filter.bytes,
      products: rows * panels * panelChannels * ins * taps,
    }, device.pool.threads);
    const key = [
      "direct",
      height,
      width,
      pixelBytes,
      ...[kernelSize, window.stride, window.padding, window.dilation],
      tapsWide,
    ].join();
    const table = recording.constant(
      key,
      rowsPerImage * kernelSize * tapsWide,
      () =>
        convolutionTable(
          { height, width, pixelBytes },
          { ...window, tapsWide },
          device.rows,
        ),
    );
    const edge = recording.reserveThreads(edgeBytes);
    const { fields } = this.#filter;
    const floats = recording.reserveThreads(fields.floatsThread);
    recording.add("convolve", cut.chunks, {
      x,
      xImage: imageBytes,
      groupBytes: this.#spread ? 2 * 4 * ins : 4 * ins,
      zeros: recording.zeros(depth + this.#spread),
      table,
      taps: kernelSize * tapsWide,
      depth,
      steps: channelSteps.find((steps) => depth / 4 % steps === 0)!,
      spread: this.#spread,
      ...fields,
      floats,
      weights: this.#filter.address,
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
      edge,
      edgeThread: edgeBytes,
    });
    recording.release(edge);
    recording.release(floats);
  }

  /** Frees the weights. */
  dispose(): void {
    this.#filter.dispose();
  }
}
