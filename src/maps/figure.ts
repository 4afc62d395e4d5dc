/**
 * Figures for papers.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { FigureRow, FigureStyle } from "../drawing/draw_figure.ts";
import { asIs, expected } from "../errors/expected.ts";
import { cropBox, type InputFrame } from "../image/crops.ts";
import { displayed } from "../image/display.ts";
import type { Box } from "../image/resize.ts";
import { type Picture, type RgbImage, toRgb } from "../image/rgb_image.ts";
import type { ResNet } from "../model/model.ts";
import { onePicture } from "./one_picture.ts";

/** A map, and a text to write below it. */
export interface CaptionedMap {
  /** `[h, w]` or `[1, h, w]`, float32. */
  readonly map: Tensor;
  /** A line of text; `""` for none. */
  readonly caption: string;
}

/** Computes a map of a picture's input, `[1, H, W, 3]`; the figure disposes the map. */
export type MapOf = (
  input: Tensor4D,
) => Tensor | CaptionedMap | Promise<Tensor | CaptionedMap>;

/** How to make a {@linkcode figure}. */
export interface FigureOptions extends FigureStyle, InputFrame {
  /** The text to the left of each row, such as the picture's name. Default: none. */
  readonly titles?: readonly string[];
}

/**
 * Draws maps over their pictures, in one figure: a row for each picture, a column for each map.
 *
 * Each picture keeps its aspect. What the network doesn't see of it, outside of the central crop or
 * of the region, is paler. Ready for print: RGB without alpha, at the width and the resolution that a journal asks for;
 * `encodePng(figure, { dpi })` says the resolution in the file.
 *
 * @param model The network; `model.preset` says which part of a picture it sees.
 * @param pictures One or several, as `preprocess` takes them. They stay the caller's.
 * @param columns The maps by the texts above them; with only one column, `""` for no text. Several
 *   layers, or several methods.
 * @param options Width, text, scale and colours.
 * @returns RGB pixels.
 * @throws {RangeError} If there is no picture or no column, an option is out of bounds, the panels
 *   would be too narrow, or the figure too large.
 * @throws {TypeError} If something isn't a picture, or a function doesn't return a map of one.
 *
 * @example Two layers, two pictures, the width of a journal's column
 * ```ts
 * import { createModel, decodeImage, encodePng } from "@layertap/resnet";
 * import { figure, similarityMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer4", true);
 * const pictures = [
 *   await decodeImage("examples/images/chelsea.png"),
 *   await decodeImage("examples/images/rocket.jpg"),
 * ];
 * const drawing = await figure(model, pictures, {
 *   layer2: (x) => similarityMap(model, x, "layer2"),
 *   layer4: (x) => similarityMap(model, x, "layer4"),
 * }, { original: true, scale: "all", width: "85mm", dpi: 300, titles: ["cat", "rocket"] });
 * assert.equal(drawing.width, 1004);
 * const png = await encodePng(drawing, { dpi: 300 });
 * ```
 *
 * @example One map at the photo's own size
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { figure, gradCamPlusPlus } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const photo = await decodeImage("examples/images/chelsea.png");
 * const { width, height } = await figure(model, photo, {
 *   "": (x) => gradCamPlusPlus(model, x, "layer4", 17),
 * }, { fade: true });
 * assert.deepEqual([width, height], [photo.width, photo.height]);
 * ```
 */
export async function figure(
  model: ResNet,
  pictures: Picture | readonly Picture[],
  columns: Readonly<Record<string, MapOf>>,
  options: FigureOptions = {},
): Promise<RgbImage> {
  const list = Array.isArray(pictures) ? pictures : [pictures];
  const { titles, region, crop } = options;
  const frame = { region, crop };
  if (titles && titles.length !== list.length) {
    const what = `${list.length}, one for each picture`;
    throw new RangeError(expected("titles", what, titles.length));
  }
  const rows: FigureRow[] = [];
  for (const [i, given] of list.entries()) {
    const picture = toRgb(given);
    const input = model.preprocess(picture, frame);
    try {
      const area = cropBox(picture, model.preset, frame);
      const row = await figureRow({ picture, area, input }, columns);
      rows.push({ ...row, title: titles?.[i] });
    } finally {
      input.dispose();
    }
  }
  return await figureOf(columns, rows, options);
}

/** A picture and what the network gets of it. */
export interface FigurePicture {
  readonly picture: RgbImage;
  /** The part of the picture that is the input. */
  readonly area?: Box;
  readonly input: Tensor4D;
}

/** Computes a picture's maps. */
export async function figureRow(
  { picture, area, input }: FigurePicture,
  columns: Readonly<Record<string, MapOf>>,
): Promise<FigureRow> {
  const maps: FigureRow["maps"][number][] = [];
  for (const mapOf of Object.values(columns)) {
    const made = await mapOf(input);
    const { map, caption } = "caption" in made
      ? made
      : { map: made, caption: undefined };
    try {
      maps.push({ map: await onePicture("map", map, ["h", "w"]), caption });
    } finally {
      map.dispose();
    }
  }
  return { picture, area, maps };
}

/** Draws rows. */
export async function figureOf(
  columns: Readonly<Record<string, unknown>>,
  rows: readonly FigureRow[],
  options: FigureStyle,
): Promise<RgbImage> {
  const heads = Object.keys(columns);
  if (rows.length === 0 || heads.length === 0) {
    throw new RangeError(expected(
      "figure",
      "at least one picture and one column",
      asIs(`${rows.length} and ${heads.length}`),
    ));
  }
  const { drawFigure } = await import("../drawing/draw_figure.ts");
  return displayed(await drawFigure(heads, rows, options));
}
