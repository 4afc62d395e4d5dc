/// <reference lib="dom" />
/**
 * A page's pictures of every kind, bundled for `browser_inputs_test.ts`.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import {
  decodeImage,
  type Picture,
  preprocess,
  startBackend,
  toRgb,
} from "../../mod.ts";

/** What the page found of one kind. */
export interface Found {
  /** The largest difference to the tensor of the decoded picture. */
  readonly difference: number;
  /** The largest difference of a region's levels. */
  readonly inRegion: number;
  /** Whether the picture could be read a second time: nobody closed it. */
  readonly again: boolean;
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);

/** Compares every kind with `decodeImage` of the same file. */
async function compare(file: string): Promise<Record<string, Found>> {
  await startBackend();
  const blob = await (await fetch(file)).blob();
  const image = await decodeImage(blob);
  const input = preprocess(image);
  const values = await input.data();
  input.dispose();
  const region = [60, 20, 150, 120] as const;
  const part = toRgb(image, region);

  const found: Record<string, Found> = {};
  for (const [kind, picture, close] of await kinds(image, blob)) {
    const before = tf.memory().numTensors;
    const tensor = preprocess(picture);
    const again = preprocess([picture]);
    const data = await tensor.data();
    found[kind] = {
      difference: largest(data, values),
      inRegion: largest(toRgb(picture, region).data, part.data),
      again: largest(await again.data(), data) === 0,
    };
    tf.dispose([tensor, again]);
    if (tf.memory().numTensors !== before) throw new Error(`${kind} leaks`);
    close?.();
  }
  return found;
}

type Kind = [name: string, picture: Picture, close?: () => void];

async function kinds(
  { width, height, data }: ReturnType<typeof toRgb>,
  blob: Blob,
): Promise<Kind[]> {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.set([...data.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  }
  const painted = <C extends HTMLCanvasElement | OffscreenCanvas>(
    canvas: C,
  ) => {
    const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
    pen.putImageData(pixels, 0, 0);
    return canvas;
  };
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const bitmap = await createImageBitmap(pixels);
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  const size = { timestamp: 0, codedWidth: width, codedHeight: height };
  const rgba = new VideoFrame(pixels.data, { ...size, format: "RGBA" });
  const swapped = pixels.data.slice();
  for (let i = 0; i < swapped.length; i += 4) {
    [swapped[i], swapped[i + 2]] = [swapped[i + 2], swapped[i]];
  }
  const bgrx = new VideoFrame(swapped, { ...size, format: "BGRX" });
  const offscreen = painted(new OffscreenCanvas(width, height));
  const ofCanvas = new VideoFrame(offscreen, { timestamp: 0 });
  const tensor = tf.browser.fromPixels(pixels);
  return [
    ["RGB", { width, height, data }],
    ["ImageData", pixels],
    ["ImageBitmap", bitmap, () => bitmap.close()],
    ["canvas", painted(canvas)],
    ["OffscreenCanvas", offscreen],
    ["img", image],
    ["VideoFrame RGBA", rgba, () => rgba.close()],
    ["VideoFrame BGRX", bgrx, () => bgrx.close()],
    ["VideoFrame of a canvas", ofCanvas, () => ofCanvas.close()],
    ["Tensor3D int32", tensor],
    ["Tensor3D float32", tf.tidy(() => tf.div<tf.Tensor3D>(tensor, 255))],
  ];
}

/** A frame of one colour in YUV, as RGB. */
function yuv(
  format: "I420" | "NV12",
  [y, u, v]: readonly number[],
  colorSpace: VideoColorSpaceInit,
  more: object = {},
): { width: number; height: number; data: number[] } {
  const [width, height] = [32, 16], quarter = width * height / 4;
  const bytes = new Uint8Array(6 * quarter).fill(y, 0, 4 * quarter);
  if (format === "I420") {
    bytes.fill(u, 4 * quarter, 5 * quarter).fill(v, 5 * quarter);
  } else {
    for (let i = 4 * quarter; i < bytes.length; i += 2) bytes.set([u, v], i);
  }
  const frame = new VideoFrame(bytes, {
    ...{ format, timestamp: 0, codedWidth: width, codedHeight: height },
    colorSpace,
    ...more,
  });
  try {
    const rgb = toRgb(frame);
    return { ...rgb, data: [...rgb.data] };
  } finally {
    frame.close();
  }
}

/** A frame of 2x1 pixels, red and blue, with options of its display. */
function shown(more: object): { size: number[]; first: number[] } {
  const pixels = new Uint8Array(32 * 16 * 4);
  for (let i = 0; i < 32 * 16; i++) {
    pixels.set(i % 32 < 16 ? [255, 0, 0, 255] : [0, 0, 255, 255], 4 * i);
  }
  const frame = new VideoFrame(pixels, {
    ...{ format: "RGBA", timestamp: 0, codedWidth: 32, codedHeight: 16 },
    ...more,
  } as VideoFrameBufferInit);
  const { width, height, data } = toRgb(frame);
  frame.close();
  return { size: [width, height], first: [...data.subarray(0, 3)] };
}

/** What other colour spaces, depths and alpha become. */
async function odd() {
  const rgb = (picture: Picture) => [...toRgb(picture).data];
  const wide = new ImageData(1, 1, { colorSpace: "display-p3" });
  wide.data.set([200, 100, 50, 255]);
  const deep = new ImageData(1, 1, {
    pixelFormat: "rgba-float16",
  } as ImageDataSettings);
  (deep.data as unknown as Float32Array).set([0.5, 0.25, 1, 1]);
  const clear = new ImageData(1, 1);
  clear.data.set([200, 100, 50, 128]);
  const bitmap = await createImageBitmap(clear);
  const closed = await createImageBitmap(clear);
  closed.close();
  let refused = "";
  try {
    toRgb(closed);
  } catch (error) {
    refused = `${error}`;
  }
  return {
    wide: rgb(wide),
    deep: rgb(deep),
    clear: rgb(clear),
    bitmap: rgb(bitmap),
    refused,
  };
}

Object.assign(globalThis, { compare, yuv, shown, odd });
