/// <reference lib="dom" />
/**
 * Downloads of what is on screen, as PNG.
 *
 * @module
 */

import { withColorBar } from "../../src/drawing/color_bar.ts";
import { colorMap, type ValueRange } from "../../src/drawing/color_map.ts";
import { drawFeatureMapGrid } from "../../src/drawing/draw_grid.ts";
import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { encodePng } from "../../src/image/encode_png.ts";
import { type Picture, toRgb } from "../../src/image/rgb_image.ts";
import { context, make } from "./dom.ts";

/** Pixels between two pictures. */
const gap = 16;

/** Saves maps `[H, W, C]` of some channels with their numbers and a colour bar. */
export async function saveMaps(
  maps: ShapedArray,
  channels: readonly number[],
  scale: "each" | "all",
  name: string,
): Promise<void> {
  const [height, width] = maps.shape;
  const isPair = width > height;
  const figure = await drawFeatureMapGrid(maps, {
    channels,
    scale,
    gap: isPair ? gap : 4,
    labels: true,
    colorBar: true,
  });
  await save(figure, name);
}

/** Saves the map of one channel and a colour bar with its values. */
export async function saveMap(
  maps: ShapedArray,
  channel: number,
  name: string,
): Promise<void> {
  const [height, width] = maps.shape;
  const figure = await drawFeatureMapGrid(maps, {
    channels: [channel],
    scale: "all",
    cell: 672 * Math.round(width / height),
    colorBar: true,
  });
  await save(figure, name);
}

/** Saves pictures side by side, with a colour bar if a map is laid over them. */
export async function savePictures(
  pictures: readonly HTMLCanvasElement[],
  range: ValueRange | undefined,
  name: string,
): Promise<void> {
  const { width, height } = pictures[0];
  const wide = pictures.length * (width + gap) - gap;
  const canvas = make("canvas", { width: wide, height });
  const pen = context(canvas);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, wide, height);
  pictures.forEach((picture, i) =>
    pen.drawImage(picture, i * (width + gap), 0)
  );
  const image = toRgb(pen.getImageData(0, 0, wide, height));
  const colors = await colorMap("inferno");
  await save(range ? withColorBar(image, colors, 0, range) : image, name);
}

async function save(image: Picture, name: string): Promise<void> {
  const file = new Blob([await encodePng(image)], { type: "image/png" });
  const href = URL.createObjectURL(file);
  make("a", { href, download: `${name}.png` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
