/**
 * The steps of a ResNet, recorded as jobs.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import type { AvgPool2d, MaxPool2d } from "../arch/module.ts";
import type { OwnConv } from "./conv.ts";
import type { Device } from "./device.ts";
import { outputSize } from "./geometry.ts";
import type { Batch } from "./operands.ts";
import type { Epilogue, KernelWeights, Operations } from "./operations.ts";
import { type Place, Recording } from "./recording.ts";
import { unfoldedChannels } from "./unfolded.ts";

const batchOf = ([images, height, width]: readonly number[]): Batch => ({
  images,
  height,
  width,
});

const lowOf = ({ relu }: Epilogue<Place>) => relu ? 0 : -Infinity;

/** Each channel times its scale plus its bias. */
interface Affine {
  readonly scale: Float32Array;
  readonly bias: Float32Array;
}

/** Records the operations that are called. */
export class Recorder implements Operations<Place> {
  readonly recording: Recording;
  /** The places of the values, by name. */
  readonly values: Map<string, Place> = new Map();

  constructor(readonly device: Device) {
    this.recording = new Recording(device);
  }

  begin(name: string): void {
    this.recording.label = name;
  }

  conv2d(x: Place, weights: KernelWeights, epilogue: Epilogue<Place>): Place {
    const conv = weights as OwnConv, batch = batchOf(x.shape);
    const y = this.#value(conv.outputShape(batch));
    const residual = epilogue.residual ?? 0;
    conv.record(this.recording, batch, {
      x,
      y,
      residual,
      low: lowOf(epilogue),
    });
    return y;
  }

  unfoldedConv2d(x: Place, weights: KernelWeights): Place {
    const conv = weights as OwnConv, batch = batchOf(x.shape);
    const { recording } = this, { scale, unfolded } = conv;
    const sum = this.#value(conv.outputShape(batch));
    conv.recordWithoutBias(recording, batch, x, sum);
    const y = this.#pointwise(sum, {}, {
      scale: scale.map((s, c) => unfolded.has(c) ? 0 : 1 / s),
      bias: new Float32Array(scale.length),
    });
    recording.release(sum);
    if (unfolded.size > 0) this.#recompute(conv, x, y);
    return y;
  }

  /** Overwrites the channels that the folded filter can't give. */
  #recompute(conv: OwnConv, x: Place, y: Place): void {
    const { recording } = this, batch = batchOf(x.shape);
    const anew = unfoldedChannels(conv);
    recording.owned.push(anew);
    const channels = [...conv.unfolded.keys()];
    const few = recording.reserve([...y.shape.slice(0, 3), channels.length]);
    anew.record(recording, batch, {
      x,
      y: few,
      residual: 0,
      bias: recording.zeros(anew.biasBytes),
      low: -Infinity,
    });
    recording.add("scatter", 1, {
      x: few,
      count: channels.length,
      offsets: recording.values(
        Uint32Array.from(channels, (channel) => 4 * channel),
      ),
      y,
      rows: few.length / channels.length,
      rowBytes: 4 * conv.module.outChannels,
    });
    recording.release(few);
  }

  batchNorm(
    x: Place,
    weights: KernelWeights,
    epilogue: Epilogue<Place>,
  ): Place {
    return this.#pointwise(x, epilogue, weights as OwnConv);
  }

  elementwise(x: Place, epilogue: Epilogue<Place>): Place {
    return this.#pointwise(x, epilogue);
  }

  #pointwise(x: Place, epilogue: Epilogue<Place>, affine?: Affine): Place {
    const { recording } = this, { shape } = x;
    const channels = shape.at(-1)!;
    const y = this.#value(shape);
    // Without an affine map all channels are alike, and rows can be longer.
    const length = affine ? channels : (shape.at(-2) ?? 1) * channels;
    const rows = x.length / length;
    const rowsPerChunk = this.#share(rows, Math.ceil(4096 / length));
    recording.add("pointwise", Math.ceil(rows / rowsPerChunk), {
      x,
      y,
      residual: epilogue.residual ?? 0,
      scale: affine ? recording.values(affine.scale) : 0,
      bias: affine ? recording.values(affine.bias) : 0,
      low: lowOf(epilogue),
      rows,
      rowBytes: 4 * length,
      rowsPerChunk,
    });
    return y;
  }

  maxPool(x: Place, module: MaxPool2d): Place {
    const { kernelSize, stride, padding } = module;
    if (kernelSize !== 3 || padding > 1) {
      throw new RangeError(expected(
        "maxPool",
        "a 3x3 window with a padding of at most 1",
        asIs(`${kernelSize}x${kernelSize} with ${padding}`),
      ));
    }
    const [images, height, width, channels] = x.shape;
    const outHeight = outputSize(height, module);
    const outWidth = outputSize(width, module);
    const y = this.#value([images, outHeight, outWidth, channels]);
    const rows = images * outHeight;
    const rowsPerChunk = this.#share(rows, 1);
    this.recording.add("maxPool", Math.ceil(rows / rowsPerChunk), {
      x,
      height,
      width,
      channelBytes: 4 * channels,
      y,
      outHeight,
      outWidth,
      stride,
      padding,
      rows,
      rowsPerChunk,
    });
    return y;
  }

  smallAvgPool(x: Place, { stride, countIncludePad }: AvgPool2d): Place {
    const [images, height, width, channels] = x.shape;
    const outHeight = Math.ceil(height / stride);
    const outWidth = Math.ceil(width / stride);
    const y = this.#value([images, outHeight, outWidth, channels]);
    const rows = images * outHeight;
    const rowsPerChunk = this.#share(rows, 1);
    this.recording.add("smallAvgPool", Math.ceil(rows / rowsPerChunk), {
      x,
      height,
      width,
      channelBytes: 4 * channels,
      y,
      outHeight,
      outWidth,
      stride,
      all: countIncludePad ? 1 : 0,
      rows,
      rowsPerChunk,
    });
    return y;
  }

  avgPool(x: Place): Place {
    const [images, height, width, channels] = x.shape;
    const y = this.#value([images, 1, 1, channels]);
    this.recording.add("avgPool", images, {
      x,
      pixels: height * width,
      channelBytes: 4 * channels,
      y,
    });
    return y;
  }

  flatten(x: Place): Place {
    const y = this.#value([x.shape[0], x.length / x.shape[0]]);
    this.recording.add("pointwise", 1, {
      x,
      y,
      residual: 0,
      scale: 0,
      bias: 0,
      low: -Infinity,
      rows: 1,
      rowBytes: x.bytes,
      rowsPerChunk: 1,
    });
    return y;
  }

  linear(x: Place, weights: KernelWeights): Place {
    const [rows] = x.shape, conv = weights as OwnConv;
    const y = this.#value([rows, conv.module.outChannels]);
    // The rows are the pixels of an image that is one pixel high.
    const batch = { images: 1, height: 1, width: rows };
    const low = -Infinity;
    conv.record(this.recording, batch, { x, y, residual: 0, low });
    return y;
  }

  release(x: Place): void {
    this.recording.release(x);
  }

  /** Reserves a value. */
  #value(shape: readonly number[]): Place {
    const place = this.recording.reserve(shape);
    this.values.set(this.recording.label, place);
    return place;
  }

  /** The rows of a chunk: a quarter of a thread's share, but at least that many. */
  #share(rows: number, least: number): number {
    const { threads } = this.device.pool;
    return Math.max(Math.ceil(rows / (4 * threads)), least);
  }
}
