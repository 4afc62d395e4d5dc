/**
 * How notebooks show a picture.
 *
 * @module
 */

import { toBase64 } from "../formats/base64.ts";
import { encodePng } from "./encode_png.ts";
import type { RgbImage } from "./rgb_image.ts";

/** What Jupyter's kernel of Deno calls on the value of a cell. */
const display = Symbol.for("Jupyter.display");

/**
 * Makes notebooks show a picture as a PNG. The method isn't enumerable: comparisons and copies
 * don't see it.
 *
 * @returns The same object.
 */
export function displayed(picture: RgbImage): RgbImage {
  return Object.defineProperty(picture, display, {
    value: async () => ({ "image/png": toBase64(await encodePng(picture)) }),
  });
}
