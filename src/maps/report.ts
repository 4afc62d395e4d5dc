/**
 * A report on how a network sees one picture, as an HTML page.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { asIs, expected } from "../errors/expected.ts";
import { classActivationMap } from "./class_activation_map.ts";
import { classify } from "../model/classify.ts";
import { featureInfo } from "../model/feature_extractor.ts";
import { classNames } from "../model/head_class.ts";
import { encodePng } from "../image/encode_png.ts";
import { cropBox } from "../image/crops.ts";
import { type Picture, type RgbImage, toRgb } from "../image/rgb_image.ts";
import type { ResNet } from "../model/model.ts";
import type {
  ReportContent,
  ReportImage,
  ReportStage,
} from "../drawing/report_page.ts";
import { figureOf, figureRow, type MapOf } from "./figure.ts";
import { unprocess } from "../model/preprocess.ts";
import { similarityMap } from "./similarity_map.ts";

/** What to add to a {@linkcode report}. */
export interface ReportOptions {
  /** The heading, e.g. the picture's file name. Default `"Picture"`. */
  readonly title?: string;
  /** The names of the classes, in the order of `fc`'s outputs. Default: as for `classify`. */
  readonly labels?: readonly string[];
  /** `"none"`: the report is on all of the picture, in its aspect. Default `"center"`. */
  readonly crop?: "center" | "none";
}

/** A page about one picture. Notebooks show it in a frame. */
export interface Report {
  /** The whole page, self-contained and without scripts. */
  readonly html: string;
}

/** How many maps of a stage the page shows, and how many classes. */
const mapCount = 8, classCount = 5;

/**
 * Reports on one picture: the network's summary, the crop that it sees, the strongest maps of each
 * stage, and the most likely classes with the class activation map of the first. Without a head,
 * the report shows how similar each place is to the centre.
 *
 * The model's hooks are not called.
 *
 * @param model A model that reaches at least the first stage, `relu`.
 * @param picture A picture, as `preprocess` takes it.
 * @param options Heading, and names of classes.
 * @returns A self-contained HTML page.
 * @throws {RangeError} If the model ends before the first stage, or the number of labels isn't the
 *   number of classes.
 * @throws {TypeError} If `picture` isn't a picture.
 *
 * @example A page for a file
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { report } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const { html } = await report(model, await decodeImage("examples/images/chelsea.png"), {
 *   title: "chelsea.png",
 * });
 * assert.match(html, /^<!DOCTYPE html>/);
 * ```
 */
export async function report(
  model: ResNet,
  picture: Picture,
  options: ReportOptions = {},
): Promise<Report> {
  using bare = model.truncate(model.outputLayer);
  const modules = featureInfo(bare).map(({ module }) => module);
  if (modules.length === 0) {
    throw new RangeError(expected(
      "report",
      'a model that reaches "relu"',
      asIs(`one that ends with "${model.outputLayer}"`),
      "create it with a later outputLayer",
    ));
  }
  const photo = toRgb(picture);
  const input = bare.preprocess(photo, { crop: options.crop });
  const values = Object.entries(bare.extract(input, modules));
  try {
    const [crop] = await unprocess(input, model.preset);
    const size = `${crop.width} × ${crop.height} pixels`;
    const what = options.crop === "none" ? "all of it" : "the central crop";
    const { reportPage } = await import("../drawing/report_page.ts");
    const { inFrame } = await import("../drawing/html.ts");
    const html = reportPage({
      title: options.title ?? "Picture",
      arch: model.arch,
      outputLayer: model.outputLayer,
      input: {
        ...await embedded(crop),
        alt: "The picture as the network sees it",
        caption: `What the network sees: ${what}, ${size}.`,
      },
      ...await subject(bare, input, photo, options),
      ...network(bare, crop),
      stages: await Promise.all(
        values.map(([module, value]) => stage(module, value)),
      ),
    });
    // Not enumerable, so that comparisons don't see it.
    return Object.defineProperty({ html }, Symbol.for("Jupyter.display"), {
      value: () => ({ "text/html": inFrame(html) }),
    });
  } finally {
    input.dispose();
    for (const [, value] of values) value.dispose();
  }
}

/** The size of a map over the picture, as high as the crop mostly is, at two pixels for one of the page. */
const overlayStyle = ({ width, height }: RgbImage) => {
  const aspect = Math.min(Math.max(width / height, 0.5), 2);
  const size = { width: 2 * Math.round(224 * aspect), dpi: 192, fontSize: 7.5 };
  return { ...size, colorBar: true };
};

/** The most likely classes, and a map over the picture. */
async function subject(
  model: ResNet,
  input: Tensor4D,
  picture: RgbImage,
  { labels, crop }: ReportOptions,
): Promise<Pick<ReportContent, "overlay" | "classes">> {
  const over = async (map: MapOf, caption: string) => {
    const columns = { "": map };
    const area = cropBox(picture, model.preset, { crop });
    const row = await figureRow({ picture, area, input }, columns);
    const drawing = await figureOf(columns, [row], overlayStyle(picture));
    const { url, width, height } = await embedded(drawing);
    const size = { width: width / 2, height: Math.round(height / 2) };
    const alt = "The picture with a heat map over it";
    return { url, ...size, alt, caption };
  };
  const head = model.layers.get("fc");
  if (head?.type === "Linear") {
    const names = labels ?? await classNames(model);
    const [likeliest] = await classify(model, input, {
      top: classCount,
      labels: names.map((_, i) => `${i}`), // Two classes may have one name.
    });
    const classes = likeliest.map(({ label: index, score }) => ({
      label: names[Number(index)],
      score,
    }));
    const overlay = await over(
      (input) => classActivationMap(model, input, Number(likeliest[0].label)),
      `The evidence for “${classes[0].label}”: its class activation map.`,
    );
    return { overlay, classes };
  }
  const last = featureInfo(model).at(-1)!.module;
  const overlay = await over(
    (input) => similarityMap(model, input, last),
    `How similar each place is to the centre (cosine of ${last}’s features).`,
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

/** The strongest maps of a stage, one pixel for each value. */
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

/** A picture as a `data:` URL. */
async function embedded(image: RgbImage): Promise<ReportImage> {
  const { dataUrl } = await import("../drawing/html.ts");
  const { width, height } = image;
  return { width, height, url: dataUrl("image/png", await encodePng(image)) };
}
