import { imagenetPreset, type Preset } from "../arch/preset.ts";
import type { AnomalyDrawing } from "../drawing/draw_anomaly.ts";
import { expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { displayed } from "../image/display.ts";
import { type Picture, type RgbImage, toRgb } from "../image/rgb_image.ts";
import { cropBox, type InputFrame } from "../image/crops.ts";

/** How to draw an anomaly map. */
export interface DrawAnomalyOptions extends AnomalyDrawing, InputFrame {
  /** The network's transform: where in the picture the map is. Default: ImageNet's. */
  readonly preset?: Preset;
}

/**
 * Lays an anomaly map over the picture, at the picture's own size, with a colour bar.
 *
 * The map covers what the network saw: the centre crop, unless `region` or `crop` say otherwise;
 * `bank.origin` has all three, as options. The stranger a place, the more of its colour;
 * with a threshold, `bank.threshold().map`, an outline surrounds what is above it, and the colours go
 * from half of it to one and a half times, the same for every picture.
 *
 * @param picture The picture that was scored, of any size.
 * @param map Its map, from `bank.score`.
 * @param options The threshold, the transform and the colours.
 * @returns RGB pixels, wider than the picture by the colour bar; `encodePng` makes a file of them.
 * @throws {TypeError} If it isn't a picture, or the map has another shape.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example A rocket among cats
 * ```ts
 * import { createModel, decodeImage, encodePng } from "@layertap/resnet";
 * import { drawAnomaly, fitPatchCore } from "@layertap/resnet/anomaly";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const cat = await decodeImage("examples/images/chelsea.png");
 * const rocket = await decodeImage("examples/images/rocket.jpg");
 * using bank = await fitPatchCore(model, Array(5).fill(cat), { coreset: 0.1 });
 * const { map } = await bank.score(rocket);
 * const threshold = bank.threshold().map;
 * const drawing = await drawAnomaly(rocket, map, { threshold, ...bank.origin });
 * assert.equal(drawing.height, rocket.height);
 * const png = await encodePng(drawing); // Deno.writeFile("rocket.png", png)
 * ```
 */
export async function drawAnomaly(
  picture: Picture,
  map: ShapedArray,
  options: DrawAnomalyOptions = {},
): Promise<RgbImage> {
  const { alpha = 0.6, preset = imagenetPreset } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(expected("alpha", "a number from 0 to 1", alpha));
  }
  const image = toRgb(picture);
  const { data, shape } = map;
  if (shape.length !== 2 || data.length !== shape[0] * shape[1]) {
    throw new TypeError(expected("map", "[h, w]", shape));
  }
  const box = cropBox(image, preset, options);
  const { drawAnomaly } = await import("../drawing/draw_anomaly.ts");
  return displayed(await drawAnomaly(image, map, box, options));
}
