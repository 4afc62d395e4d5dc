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

/** A map to lay over the picture, and the channel or class that was chosen for it. */
interface ChosenMap {
  readonly map: Tensor;
  readonly about?: string;
}

type MakeMap = (
  model: ResNet,
  input: Tensor4D,
  request: PictureRequest,
  io: Io,
) => ChosenMap | Promise<ChosenMap>;

const makers: Record<Exclude<Kind, "grid">, MakeMap> = {
  overlay(model, input, { layer, channel }) {
    const [, , , channels] = mapsShape(model, input, layer);
    if (channel !== undefined) {
      requireInteger("channel", channel, 0, channels - 1);
    }
    let chosen = channel ?? 0;
    const map = tf.tidy(() => {
      const maps = model.forward(input);
      chosen = channel ?? greatest(maps);
      const map = tf.slice(maps, [0, 0, 0, chosen], [-1, -1, -1, 1]);
      return tf.squeeze(map, [3]);
    });
    return { map, about: `channel ${chosen}` };
  },
  async cam(model, input, { classIndex }) {
    const { index, about } = await chosenOutput(model, input, classIndex);
    return { map: classActivationMap(model, input, index), about };
  },
  async gradcam(model, input, { layer, classIndex, channel }) {
    mapsShape(model, input, layer);
    const given = classIndex ?? channel;
    const { index, about } = await chosenOutput(model, input, given);
    return { map: gradCam(model, input, layer, index), about };
  },
  async occlusion(model, input, { classIndex, size, stride }, io) {
    const progress = await startProgress("picture", io);
    const { update: onProgress } = progress;
    const options = { classIndex, size, stride, onProgress };
    try {
      return { map: await occlusionMap(model, input, options) };
    } finally {
      progress.stop();
    }
  },
  similar: (model, input, { layer, at }) => ({
    map: similarityMap(model, input, layer, at),
  }),
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
): Promise<{ readonly drawing: RgbImage; readonly about?: string }> {
  const { kind, layer, "color-map": colorMap } = request;
  if (kind === "grid") mapsShape(model, input, layer);
  const { map, about }: ChosenMap = kind === "grid"
    ? { map: model.forward(input) }
    : await makers[kind](model, input, request, io);
  try {
    if (kind === "grid") {
      const { maps, strongest, channels, scale, labels } = request;
      const choice = { maps, strongest, channels };
      const colorBar = request["color-bar"];
      const options = { ...choice, scale, labels, colorBar, colorMap };
      return { drawing: await featureMapGrid(map, options) };
    }
    const [crop] = await unprocess(input, model.preset);
    return { drawing: await overlayMap(crop, map, { colorMap }), about };
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

/** The output given, else the likeliest class or the strongest feature; in words. */
async function chosenOutput(
  model: ResNet,
  input: Tensor4D,
  given: number | undefined,
): Promise<{ index: number; about: string }> {
  const index = given ?? tf.tidy(() => greatest(model.forward(input)));
  const head = model.layers.get("fc");
  if (head?.type !== "Linear") return { index, about: `channel ${index}` };
  const about = `class ${index}`;
  const name = (await classNames(model))[index];
  return { index, about: name === about ? about : `${about}: ${name}` };
}
