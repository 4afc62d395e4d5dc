/**
 * Pictures of the browser, whose pixels are read through a canvas.
 *
 * @module
 */

import type { Region } from "./region.ts";

/**
 * A picture of the browser: an `ImageBitmap`, a `<canvas>`, an `OffscreenCanvas`, a `VideoFrame`, an
 * `<img>`, a `<video>`, or an `ImageData` of any colour space and depth. It is drawn as the browser
 * shows it, at its own size, and never closed.
 */
export type Drawable =
  | { readonly width: number; readonly height: number; close(): void }
  | {
    readonly width: number;
    readonly height: number;
    getContext(kind: "2d"): unknown;
  }
  | {
    readonly displayWidth: number;
    readonly displayHeight: number;
    close(): void;
  }
  | { readonly naturalWidth: number; readonly naturalHeight: number }
  | { readonly videoWidth: number; readonly videoHeight: number }
  | {
    readonly width: number;
    readonly height: number;
    readonly colorSpace: string;
  };

/** What only a canvas can convert to RGB8, and its size. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Draws it with the corner at `(x, y)`. */
  draw(pen: Pen, x: number, y: number): void;
}

/** The part of `OffscreenCanvasRenderingContext2D` that is in use. */
interface Pen {
  drawImage(
    ...[image, x, y, width, height]: [Drawable, ...number[]]
  ): void;
  putImageData(image: object, x: number, y: number): void;
  getImageData(
    ...[x, y, width, height]: number[]
  ): { readonly data: Uint8ClampedArray };
}

/** A drawable, or an `ImageData` of another colour space or depth; else `undefined`. */
export function asDrawing(picture: object): Drawing | undefined {
  const given = picture as Readonly<Record<string, unknown>>;
  const has = (key: string) => key in given;
  const sized = (width: string, height: string): Drawing => {
    const size = {
      width: given[width] as number,
      height: given[height] as number,
    };
    return {
      ...size,
      draw: (pen, x, y) =>
        pen.drawImage(
          given as unknown as Drawable,
          x,
          y,
          size.width,
          size.height,
        ),
    };
  };
  if (has("displayWidth")) return sized("displayWidth", "displayHeight");
  if (has("videoWidth")) return sized("videoWidth", "videoHeight");
  if (has("naturalWidth")) return sized("naturalWidth", "naturalHeight");
  if (!has("data")) {
    const isDrawable = has("width") && (has("close") || has("getContext"));
    return isDrawable ? sized("width", "height") : undefined;
  }
  const { colorSpace = "srgb", pixelFormat = "rgba-unorm8" } = given;
  if (colorSpace === "srgb" && pixelFormat === "rgba-unorm8") return undefined;
  return {
    ...sized("width", "height"),
    draw: (pen, x, y) => pen.putImageData(given, x, y),
  };
}

/**
 * The pixels of a region, sRGB with 8 bits, RGBA. What is opaque keeps its levels; of what isn't,
 * canvases keep colours multiplied by alpha.
 *
 * @throws {Error} If this runtime has no canvas, or the browser forbids to read it.
 */
export function pixelsOf(
  drawing: Drawing,
  [x, y, width, height]: Region,
): Uint8ClampedArray {
  const pen = newPen(width, height);
  if (!pen) {
    throw new Error(
      "this runtime has no 2D canvas to read this picture with; pass RGB or RGBA bytes",
    );
  }
  drawing.draw(pen, -x, -y);
  return pen.getImageData(0, 0, width, height).data;
}

/** A new canvas, transparent, kept where its pixels can be read fast. */
function newPen(width: number, height: number): Pen | null {
  if (typeof OffscreenCanvas === "undefined") return null;
  const canvas = new OffscreenCanvas(width, height) as unknown as {
    getContext(kind: "2d", options: object): Pen | null;
  };
  return canvas.getContext("2d", {
    willReadFrequently: true,
    colorSpace: "srgb",
  });
}
