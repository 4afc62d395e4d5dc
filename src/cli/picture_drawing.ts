/**
 * Computes and draws each kind of `layertap picture`.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { requireInteger } from "../errors/expected.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { classActivationMap } from "../maps/class_activation_map.ts";
import { featureMapGrid } from "../maps/feature_map_grid.ts";
import type { CaptionedMap, MapOf } from "../maps/figure.ts";
import { gradCam, gradCamPlusPlus } from "../maps/grad_cam.ts";
import { mapsShape } from "../maps/node_maps.ts";
import { occlusionMap } from "../maps/occlusion.ts";
import { similarityMap } from "../maps/similarity_map.ts";
import { classNames } from "../model/head_class.ts";
import type { ResNet } from "../model/model.ts";
import type { Io } from "./command.ts";
import type { Kind, PictureRequest } from "./picture_options.ts";
import { startProgress } from "./progress.ts";

/** What maps are made with. */
interface Making {
  readonly model: ResNet;
  readonly request: PictureRequest;
  readonly io: Io;
}

/** Makes a map of a layer; its caption is the channel or class that was chosen for it. */
type MakeMap = (
  making: Making,
  input: Tensor4D,
  layer: string,
) => CaptionedMap | Promise<CaptionedMap>;

const gradient = (gradCam: typeof gradCamPlusPlus): MakeMap =>
  async function ({ model, request }, input, layer) {
    mapsShape(model, input, layer);
    const given = request.classIndex ?? request.channel;
    const { index, caption } = await chosenOutput(model, input, given);
    return { map: gradCam(model, input, layer, index), caption };
  };

const makers: Record<Exclude<Kind, "grid">, MakeMap> = {
  overlay({ model, request: { channel } }, input, layer) {
    const [, , , channels] = mapsShape(model, input, layer);
    if (channel !== undefined) {
      requireInteger("channel", channel, 0, channels - 1);
    }
    let chosen = channel ?? 0;
    const map = tf.tidy(() => {
      const maps = model.extract(input, [layer])[layer];
      chosen = channel ?? greatest(maps);
      return tf.gather(maps, chosen, 3);
    });
    return { map, caption: `channel ${chosen}` };
  },
  async cam({ model, request: { classIndex } }, input) {
    const { index, caption } = await chosenOutput(model, input, classIndex);
    return { map: classActivationMap(model, input, index), caption };
  },
  gradcam: gradient(gradCam),
  "gradcam++": gradient(gradCamPlusPlus),
  async occlusion({ model, request: { classIndex, size, stride }, io }, input) {
    const progress = await startProgress("picture", io);
    const { update: onProgress } = progress;
    const options = { classIndex, size, stride, onProgress };
    try {
      return { map: await occlusionMap(model, input, options), caption: "" };
    } finally {
      progress.stop();
    }
  },
  similar: ({ model, request: { at } }, input, layer) => ({
    map: similarityMap(model, input, layer, at),
    caption: "",
  }),
};

/**
 * The columns of a figure: a map for each layer.
 *
 * @param isSingle Whether it has only one map, which needs no text.
 * @param told Called with what was chosen for each map.
 */
export function columnsOf(
  making: Making,
  isSingle: boolean,
  told: (caption: string) => void,
): Record<string, MapOf> {
  const { kind, layers } = making.request;
  const make = makers[kind as keyof typeof makers];
  const column = (layer: string): MapOf => async (input) => {
    const { map, caption } = await make(making, input, layer);
    told(caption);
    if (isSingle) return map;
    return { map, caption: caption.replace(/^class \d+: /, "") };
  };
  const [first = ""] = layers;
  if (isSingle || layers.length === 0) return { "": column(first) };
  return Object.fromEntries(layers.map((layer) => [layer, column(layer)]));
}

/** Draws the feature maps of one picture, `[1, H, W, 3]`. */
export async function drawGrid(
  model: ResNet,
  input: Tensor4D,
  { layers: [layer], scale, ...request }: PictureRequest,
): Promise<RgbImage> {
  mapsShape(model, input, layer);
  const { maps, strongest, channels, labels } = request;
  const value = model.forward(input);
  try {
    return await featureMapGrid(value, {
      ...{ maps, strongest, channels, labels },
      scale: scale as "each" | "all" | undefined,
      colorBar: request["color-bar"],
      colorMap: request["color-map"],
    });
  } finally {
    value.dispose();
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
): Promise<{ index: number; caption: string }> {
  const index = given ?? tf.tidy(() => greatest(model.forward(input)));
  const head = model.layers.get("fc");
  if (head?.type !== "Linear") return { index, caption: `channel ${index}` };
  const number = `class ${index}`;
  const name = (await classNames(model))[index];
  return { index, caption: name === number ? name : `${number}: ${name}` };
}
