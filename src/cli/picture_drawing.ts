/**
 * Draws each kind of `layertap picture`.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { classActivationMap } from "../maps/class_activation_map.ts";
import { featureMapGrid } from "../maps/feature_map_grid.ts";
import { gradCam } from "../maps/grad_cam.ts";
import { classNames } from "../model/head_class.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import type { ResNet } from "../model/model.ts";
import { requireInteger } from "../errors/expected.ts";
import { mapsShape } from "../maps/node_maps.ts";
import { occlusionMap } from "../maps/occlusion.ts";
import { overlayMap } from "../maps/overlay.ts";
import { unprocess } from "../model/preprocess.ts";
import { similarityMap } from "../maps/similarity_map.ts";
import type { Io } from "./command.ts";
import type { Kind, PictureRequest } from "./picture_options.ts";
import { startProgress } from "./progress.ts";

/** Computes the map to lay over the picture. */
type MakeMap = (
  model: ResNet,
  input: Tensor4D,
  request: PictureRequest,
  io: Io,
) => Tensor | Promise<Tensor>;

const makers: Record<Exclude<Kind, "grid">, MakeMap> = {
  overlay(model, input, { layer, channel }, io) {
    const [, , , channels] = mapsShape(model, input, layer);
    if (channel !== undefined) {
      requireInteger("channel", channel, 0, channels - 1);
    }
    return tf.tidy(() => {
      const maps = model.forward(input);
      const chosen = channel ?? printed(greatest(maps), io);
      const map = tf.slice(maps, [0, 0, 0, chosen], [-1, -1, -1, 1]);
      return tf.squeeze(map, [3]);
    });
  },
  async cam(model, input, { classIndex }, io) {
    const chosen = classIndex ?? await likeliest(model, input, io);
    return classActivationMap(model, input, chosen);
  },
  async gradcam(model, input, { layer, classIndex, channel }, io) {
    mapsShape(model, input, layer); // Fails before a channel is printed.
    const chosen = classIndex ?? channel ?? await likeliest(model, input, io);
    return gradCam(model, input, layer, chosen);
  },
  async occlusion(model, input, { classIndex, size, stride }, io) {
    const progress = await startProgress("picture", io);
    const { update: onProgress } = progress;
    const options = { classIndex, size, stride, onProgress };
    try {
      return await occlusionMap(model, input, options);
    } finally {
      progress.stop();
    }
  },
  similar: (model, input, { layer, at }) =>
    similarityMap(model, input, layer, at),
};

/**
 * Draws a request.
 *
 * @param input One picture, `[1, H, W, 3]`; the caller disposes it.
 */
export async function draw(
  model: ResNet,
  input: Tensor4D,
  request: PictureRequest,
  io: Io,
): Promise<RgbImage> {
  const { kind, layer, "color-map": colorMap } = request;
  if (kind === "grid") mapsShape(model, input, layer);
  const map = kind === "grid"
    ? model.forward(input)
    : await makers[kind](model, input, request, io);
  try {
    if (kind === "grid") {
      const { maps, strongest, channels, scale, labels } = request;
      const choice = { maps, strongest, channels };
      const colorBar = request["color-bar"];
      const options = { ...choice, scale, labels, colorBar, colorMap };
      return await featureMapGrid(map, options);
    }
    const [crop] = await unprocess(input, model.preset);
    return await overlayMap(crop, map, { colorMap });
  } finally {
    map.dispose();
  }
}

/** The channel with the largest mean. */
function greatest(value: Tensor): number {
  return tf.tidy(() => {
    const means = value.rank === 4 ? tf.mean(value, [1, 2]) : value;
    return tf.argMax(means, 1).dataSync()[0];
  });
}

/** The likeliest class; without a head, the strongest feature. */
async function likeliest(
  model: ResNet,
  input: Tensor4D,
  io: Io,
): Promise<number> {
  const channel = tf.tidy(() => greatest(model.forward(input)));
  const head = model.layers.get("fc");
  if (head?.type !== "Linear") return printed(channel, io);
  const names = await classNames(model);
  const said = `class ${channel}`, name = names[channel];
  io.stdout.write(name === said ? `${said}\n` : `${said}: ${name}\n`);
  return channel;
}

/** Prints the chosen channel. */
function printed(channel: number, io: Io): number {
  io.stdout.write(`channel ${channel}\n`);
  return channel;
}
