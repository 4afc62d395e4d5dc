/**
 * How large a bank is, before it is built.
 *
 * @module
 */

import type { ResNet } from "../model/model.ts";
import { projected } from "./projection.ts";

/** The patches of pictures of the usual size. */
export interface PatchShape {
  /** Patches of a picture. */
  readonly patches: number;
  readonly channels: number;
  /** How many times smaller than the input the grid of patches is, in each direction. */
  readonly reduction: number;
}

/**
 * The patches of a picture of the preset's size.
 *
 * @throws {RangeError} If a layer is unknown or comes after the model's last layer.
 */
export function patchShapeOf(
  model: ResNet,
  layers: readonly string[],
): PatchShape {
  const { cropSize } = model.preset;
  const shapes = model.shapes([1, cropSize, cropSize, model.inChannels]);
  const found = layers.map((layer) => shapes.get(model.resolveNode(layer))!);
  const [[, height, width = 1]] = found;
  return {
    patches: height * width,
    reduction: Math.round(cropSize / height),
    channels: found.reduce((sum, shape) => sum + shape.at(-1)!, 0),
  };
}

/** Most bytes of the projected patches, while the coreset is chosen. */
const mostProjected = 2 ** 31;

/** The number of patches of a bank. */
export function bankRows(patches: number, coreset: number): number {
  return Math.max(1, Math.floor(patches * coreset));
}

/**
 * Refuses a bank that is too large.
 *
 * @param pictures The number of pictures in the bank.
 * @param maxBytes The most bytes of the bank.
 * @throws {RangeError} With its size, and the coreset that would fit.
 */
export function requireRoom(
  pictures: number,
  { patches, channels }: PatchShape,
  coreset: number,
  maxBytes: number,
): void {
  const all = pictures * patches;
  const rows = bankRows(all, coreset);
  const bytes = 4 * rows * channels;
  if (bytes > maxBytes) {
    // Rounded down, to two digits.
    const share = maxBytes / (4 * all * channels);
    const unit = 10 ** (Math.floor(Math.log10(share)) - 1);
    const fitting = (Math.floor(share / unit) * unit).toPrecision(2);
    throw new RangeError(
      `a bank of ${pictures} pictures is ${rows} x ${channels} values, ` +
        `${megabytes(bytes)}; expected at most ${megabytes(maxBytes)} ` +
        `(maxBytes): use a coreset of ${Number(fitting)} or less`,
    );
  }
  if (coreset < 1 && 4 * all * projected > mostProjected) {
    const most = Math.floor(mostProjected / (4 * patches * projected));
    throw new RangeError(
      `${pictures} pictures are too many to choose a coreset from; ` +
        `use at most ${most}`,
    );
  }
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
