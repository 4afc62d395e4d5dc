/// <reference lib="dom" />
/**
 * A webcam's picture, and the maps of a layer, live. While a frame is computed, the others are
 * dropped: what is shown is never older than one pass.
 *
 * @module
 */

import type { Drawn, Order, Ready, Report } from "./protocol.ts";

const find = <E extends HTMLElement>(id: string) =>
  document.getElementById(id) as E;
const video = find<HTMLVideoElement>("video");
const button = find<HTMLButtonElement>("start");
const select = find<HTMLSelectElement>("layer");
const problem = find("problem");

const worker = new Worker(new URL("worker.js", import.meta.url), {
  type: "module",
});
const post = (order: Order, transfer: Transferable[] = []) =>
  worker.postMessage(order, transfer);

/** Whether the worker computes a frame. */
let isBusy = false;
/** Frames that were shown, and those that the camera gave. */
let shown = 0, given = 0;
/** When the last frames were shown, for the rate. */
const times: number[] = [];

worker.addEventListener("message", ({ data }: MessageEvent<Report>) => {
  if ("ready" in data) ready(data.ready);
  if ("drawn" in data) drawn(data.drawn);
  if ("error" in data) {
    isBusy = false;
    say(data.error);
  }
});
worker.addEventListener("error", ({ message }) => say(message));

function ready({ threads, layers }: Ready): void {
  select.append(...layers.map((name) => new Option(name)));
  select.value = "layer2.1.relu_1";
  post({ layer: select.value });
  const canvas = find<HTMLCanvasElement>("maps").transferControlToOffscreen();
  post({ canvas }, [canvas]);
  find("engine").textContent = threads === 1
    ? "1 thread"
    : `${threads} threads`;
  button.disabled = select.disabled = false;
}

function drawn(
  { layer, shape: [height, width, channels], time, tensors }: Drawn,
) {
  isBusy = false;
  shown++;
  times.push(performance.now());
  if (times.length > 20) times.shift();
  const rate = (times.length - 1) / (times[times.length - 1] - times[0]) * 1000;
  find("shape").textContent =
    `${layer}: ${channels} maps of ${width} × ${height}; the strongest 16`;
  find("rate").textContent = `${(rate || 0).toFixed(1)} per second, ` +
    `${time.toFixed(0)} ms each; ${given - shown} of ${given} frames dropped`;
  Object.assign(document.body.dataset, { shown, given, tensors });
}

function onFrame(
  _now: number,
  { presentedFrames }: VideoFrameCallbackMetadata,
) {
  if (!video.srcObject) return;
  video.requestVideoFrameCallback(onFrame);
  given = presentedFrames;
  if (isBusy) return;
  isBusy = true;
  const frame = new VideoFrame(video);
  post({ frame }, [frame]); // The worker owns it now, and closes it.
}

button.addEventListener("click", async () => {
  problem.hidden = true;
  if (video.srcObject) {
    for (const track of (video.srcObject as MediaStream).getTracks()) {
      track.stop();
    }
    video.srcObject = null;
    button.textContent = "Start the camera";
    return;
  }
  button.disabled = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { width: 640, height: 480 },
    });
    await video.play();
    [shown, times.length] = [0, 0];
    video.requestVideoFrameCallback(onFrame);
    button.textContent = "Stop";
  } catch (error) {
    const { name, message } = error as Error;
    say(advice[name] ?? message);
  } finally {
    button.disabled = false;
  }
});

const advice: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The camera is not allowed; allow it for this page, then start again.",
  NotFoundError: "There is no camera; plug one in, then start again.",
  NotReadableError:
    "Another program uses the camera; close it, then start again.",
};

select.addEventListener("change", () => post({ layer: select.value }));

function say(text: string): void {
  problem.textContent = text;
  problem.hidden = false;
}
