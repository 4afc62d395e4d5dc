/// <reference lib="dom" />
/**
 * Downloads of what is on screen, as PNG.
 *
 * @module
 */

import type { RgbImage } from "@layertap/resnet";
import { withColorBar } from "../../src/drawing/color_bar.ts";
import { colorMap, type ValueRange } from "../../src/drawing/color_map.ts";
import { drawFeatureMapGrid } from "../../src/drawing/draw_grid.ts";
import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { context, make } from "./dom.ts";
import { toImageData, toRgb } from "./pixels.ts";

/** Pixels between two pictures. */
const gap = 16;

/** Saves maps `[H, W, C]` of some channels with their numbers and a colour bar. */
export async function saveMaps(
  maps: ShapedArray,
  channels: readonly number[],
  scale: "each" | "all",
  name: string,
): Promise<void> {
  const labels = channels.length > 1;
  const [height, width] = maps.shape;
  const cell = labels ? undefined : 672 * Math.round(width / height);
  const options = { channels, scale, labels, cell, colorBar: true };
  await save(await drawFeatureMapGrid(maps, options), name);
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

async function save(image: RgbImage, name: string): Promise<void> {
  const canvas = make("canvas", { width: image.width, height: image.height });
  context(canvas).putImageData(toImageData(image), 0, 0);
  const blob = await new Promise<Blob | null>((resolve) =>
    canvas.toBlob(resolve, "image/png")
  );
  const href = URL.createObjectURL(blob!);
  make("a", { href, download: `${name}.png` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
