/// <reference lib="webworker" />
/**
 * The web worker: computes a layer of a frame, and draws its strongest maps.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import {
  createModel,
  type NodeInfo,
  preprocess,
  startBackend,
} from "../../mod.ts";
import { featureMapGrid } from "../../src/maps/mod.ts";
import type { Order, Report } from "./protocol.ts";

/** How many maps are drawn, how many in a row, and pixels of the longer side of each. */
const count = 16, columns = 4, cell = 160;

const post = (report: Report) =>
  (self as unknown as DedicatedWorkerGlobalScope).postMessage(report);

const { threads } = await startBackend();
const model = await createModel("mlnet_resnet18", "layer4", true);
// About as many pixels as the usual 224x224, at a camera's aspect of 4 to 3.
const preset = { ...model.preset, resizeSize: 192 };

let pen: OffscreenCanvasRenderingContext2D | null = null;
let layer = "";
/** The channels that are drawn of a layer, so that a map keeps its place. */
const chosen = new Map<string, readonly number[]>();

addEventListener("message", async ({ data }: MessageEvent<Order>) => {
  try {
    if ("canvas" in data) pen = data.canvas.getContext("2d");
    if ("layer" in data) {
      layer = data.layer;
      chosen.delete(layer);
    }
    if ("frame" in data) await show(data.frame);
  } catch (error) {
    post({ error: `${error}` });
  }
});

/** Draws the maps of a frame, whose owner this worker is. */
async function show(frame: VideoFrame): Promise<void> {
  const start = performance.now(), name = layer;
  let input;
  try {
    input = preprocess(frame, preset, { crop: "none" });
  } finally {
    frame.close();
  }
  const { [name]: maps } = model.extract(input, [name]);
  input.dispose();
  try {
    const channels = chosen.get(name) ?? await strongest(maps);
    chosen.set(name, channels);
    const options = { channels, columns, cell, labels: true };
    draw(await featureMapGrid(maps, options));
  } finally {
    maps.dispose();
  }
  const time = performance.now() - start;
  const tensors = tf.memory().numTensors;
  post({ drawn: { layer: name, shape: maps.shape.slice(1), time, tensors } });
}

/** The channels with the largest means. */
async function strongest(maps: tf.Tensor): Promise<number[]> {
  const means = tf.tidy(() => tf.mean(maps, [0, 1, 2]));
  const values = await means.data();
  means.dispose();
  return [...values.keys()].sort((a, b) => values[b] - values[a])
    .slice(0, count);
}

/** Puts RGB pixels on the canvas. */
function draw(
  { width, height, data }: Awaited<ReturnType<typeof featureMapGrid>>,
): void {
  if (!pen) return;
  const { canvas } = pen;
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
  }
  const image = new ImageData(width, height);
  image.data.fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    image.data[to] = data[from];
    image.data[to + 1] = data[from + 1];
    image.data[to + 2] = data[from + 2];
  }
  pen.putImageData(image, 0, 0);
}

const isShown = ({ operation, name }: NodeInfo) =>
  name === "conv1" || operation === "ReLU" || operation === "MaxPool2d";
const layers = [...model.nodes().values()].filter(isShown)
  .map(({ name }) => name);
post({ ready: { threads, layers } });
