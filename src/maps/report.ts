/**
 * What a network makes of one picture, as a page to read and to pass on.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { classActivationMap } from "./class_activation_map.ts";
import { classify } from "../model/classify.ts";
import { featureInfo } from "../model/feature_extractor.ts";
import { classNames } from "../model/head_class.ts";
import { encodePng } from "../image/encode_png.ts";
import type { Picture, RgbImage } from "../image/rgb_image.ts";
import type { ResNet } from "../model/model.ts";
import type {
  ReportContent,
  ReportImage,
  ReportStage,
} from "../drawing/report_page.ts";
import { overlayMap } from "./overlay.ts";
import { unprocess } from "../model/preprocess.ts";
import { similarityMap } from "./similarity_map.ts";

/** What {@linkcode report} says besides. */
export interface ReportOptions {
  /** The heading, e.g. the picture's file name. Default `"Picture"`. */
  readonly title?: string;
  /** The names of the classes in the order of `fc`'s outputs. Default: as for `classify`. */
  readonly labels?: readonly string[];
}

/** How many maps of a stage are shown, and how many classes. */
const mapCount = 8, classCount = 5;

/**
 * Reports on one picture: the crop that the network sees, the network's summary, some of the
 * strongest maps of each stage, and the likeliest classes with the activation map of the first.
 * Without a head, the cosines of the last stage to its middle.
 *
 * The model's hooks are not called.
 *
 * @param model Any model that goes as far as the first stage, `relu`.
 * @param picture What `decodeImage` gives, or an `ImageData`.
 * @param options Heading, and names of classes.
 * @returns HTML, one file that needs no other: no script, no address but `data:`.
 * @throws {RangeError} If the model ends before the first stage, or the names are not as many as
 *   the classes.
 * @throws {TypeError} If it is no picture.
 *
 * @example A page for a file
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { report } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const page = await report(model, await decodeImage("examples/images/chelsea.png"), {
 *   title: "chelsea.png",
 * });
 * assert.match(page, /^<!DOCTYPE html>/);
 * ```
 */
export async function report(
  model: ResNet,
  picture: Picture,
  options: ReportOptions = {},
): Promise<string> {
  using bare = model.truncate(model.outputLayer);
  const modules = featureInfo(bare).map(({ module }) => module);
  if (modules.length === 0) {
    throw new RangeError(
      `cannot report on ${model.arch}: it ends with "${model.outputLayer}", ` +
        'a network that ends with "relu" or behind it is wanted',
    );
  }
  const input = bare.preprocess(picture);
  const values = Object.entries(bare.extract(input, modules));
  try {
    const [crop] = await unprocess(input, model.preset);
    const { reportPage } = await import("../drawing/report_page.ts");
    return reportPage({
      title: options.title ?? "Picture",
      arch: model.arch,
      outputLayer: model.outputLayer,
      input: {
        ...await embedded(crop),
        alt: "The picture, cropped",
        caption:
          `The crop that the network sees, ${crop.width} × ${crop.height} pixels.`,
      },
      ...await subject(bare, input, crop, options.labels),
      ...network(bare, crop),
      stages: await Promise.all(
        values.map(([module, value]) => stage(module, value)),
      ),
    });
  } finally {
    input.dispose();
    for (const [, value] of values) value.dispose();
  }
}

/** What the picture shows, and where. */
async function subject(
  model: ResNet,
  input: Tensor4D,
  crop: RgbImage,
  labels?: readonly string[],
): Promise<Pick<ReportContent, "overlay" | "classes">> {
  const over = async (map: Tensor, caption: string) => {
    try {
      const alt = "The same with a heat map over it";
      return { ...await embedded(await overlayMap(crop, map)), alt, caption };
    } finally {
      map.dispose();
    }
  };
  const head = model.layers.get("fc");
  if (head?.type === "Linear") {
    const names = labels ?? await classNames(head.outFeatures);
    const [likeliest] = await classify(model, input, {
      top: classCount,
      labels: names.map((_, i) => `${i}`), // Two classes may have one name.
    });
    const classes = likeliest.map(({ label: index, score }) => ({
      label: names[Number(index)],
      score,
    }));
    const overlay = await over(
      classActivationMap(model, input, Number(likeliest[0].label)),
      `Where the evidence for “${
        classes[0].label
      }” is: its class activation map.`,
    );
    return { overlay, classes };
  }
  const last = featureInfo(model).at(-1)!.module;
  const overlay = await over(
    similarityMap(model, input, last),
    `Where else it looks as in the middle: the cosines of ${last} to its position there.`,
  );
  return { overlay, classes: [] };
}

/** The network's numbers. */
function network(
  model: ResNet,
  { width, height }: RgbImage,
): Pick<ReportContent, "facts" | "layers"> {
  const table = model.summary([3, height, width], { style: "torchinfo" });
  const number = (value: number) =>
    value.toLocaleString("en", { maximumFractionDigits: 1 });
  return {
    facts: [
      ["Parameters", number(table.totalParams)],
      ["Weights", `${number(table.paramsMB)} MB`],
      ["Multiply-adds", number(table.multAdds)],
    ],
    layers: `${table}`,
  };
}

/** The strongest maps of a stage, a pixel for each value. */
async function stage(module: string, value: Tensor): Promise<ReportStage> {
  const { chooseMaps } = await import("../drawing/choose_maps.ts");
  const { drawFeatureMapGrid } = await import("../drawing/draw_grid.ts");
  const shape = value.shape.slice(1);
  const maps = { data: await value.data<"float32">(), shape };
  const strongest = Math.min(mapCount, shape[2]);
  const drawn = chooseMaps(maps, { strongest }).map(async (channel) => {
    const options = { channels: [channel], cell: 1 };
    return {
      channel,
      ...await embedded(await drawFeatureMapGrid(maps, options)),
    };
  });
  return { module, shape, maps: await Promise.all(drawn) };
}

/** A picture that stands in the page itself. */
async function embedded(image: RgbImage): Promise<ReportImage> {
  const { dataUrl } = await import("../drawing/html.ts");
  const { width, height } = image;
  return { width, height, url: dataUrl("image/png", await encodePng(image)) };
}
