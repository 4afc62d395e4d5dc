/// <reference lib="dom" />
/**
 * The page: good pictures are dropped and learnt, others tried.
 *
 * @module
 */

import { byId, make } from "../browser/dom.ts";
import type { Learnt, Order, Report, Scored } from "./protocol.ts";

type Request = Order extends infer O ? O extends Order ? Omit<O, "id"> : never
  : never;

const worker = new Worker(new URL("./worker.js", import.meta.url), {
  type: "module",
});
const waiting = new Map<number, (report: Report) => void>();
let orders = 0;
worker.onmessage = ({ data }: MessageEvent<Report>) =>
  waiting.get(data.id)?.(data);
worker.onerror = ({ message }) => complain(new Error(message));

/** Asks the worker. */
function ask<Result>(
  request: Request,
  onProgress: (text: string) => void = () => {},
): Promise<Result> {
  const id = orders++;
  return new Promise((resolve, reject) => {
    waiting.set(id, (report) => {
      if ("progress" in report) return onProgress(report.progress);
      waiting.delete(id);
      if ("error" in report) reject(new Error(report.error));
      else resolve(report.result as Result);
    });
    worker.postMessage({ id, ...request });
  });
}

const learnt = byId("learnt", HTMLElement);
const results = byId("results", HTMLElement);
const video = byId("video", HTMLVideoElement);
const problem = byId("problem", HTMLElement);

function complain(error: Error): void {
  problem.textContent = error.message;
  problem.hidden = false;
}

/** Runs what a person asked for; what fails is shown. */
async function act(work: () => Promise<void>): Promise<void> {
  problem.hidden = true;
  await work().catch(complain);
}

/** Says what was learnt, and lets others be tried. */
function show({ pictures, patches, threshold, failures }: Learnt): void {
  const limit = threshold
    ? `threshold ${threshold.score.toFixed(2)}`
    : "no threshold: use five or more good pictures";
  learnt.textContent =
    `Learnt ${patches} patches of ${pictures} pictures; ${limit}`;
  for (const id of ["try-files"]) byId(id, HTMLInputElement).disabled = false;
  for (const id of ["faulty", "camera", "save"]) {
    byId(id, HTMLButtonElement).disabled = false;
  }
  if (failures.length > 0) complain(new Error(failures.join("; ")));
}

const learn = (pictures: readonly Blob[]) =>
  act(async () => {
    byId("good-pictures", HTMLElement).replaceChildren(
      ...pictures.map((file) =>
        make("li", {}, make("img", { src: URL.createObjectURL(file), alt: "" }))
      ),
    );
    const onProgress = (text: string) =>
      learnt.textContent = `Learning: ${text}`;
    learnt.textContent = "Learning…";
    show(await ask<Learnt>({ task: "learn", pictures }, onProgress));
  });

/** Scores a picture; its map goes to a list item. */
async function score(
  picture: Blob | ImageData,
  name: string,
  item: HTMLLIElement,
): Promise<void> {
  const { score, threshold, drawing, milliseconds } = await ask<Scored>({
    task: "score",
    picture,
  });
  const { width, height, data } = drawing;
  const canvas = make("canvas", { width, height, title: name });
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
  const isAnomalous = threshold !== undefined && score > threshold.score;
  const verdict = threshold && (isAnomalous ? ": anomalous" : ": good");
  const text = `${name}: ${score.toFixed(2)}${verdict ?? ""}, ` +
    `${Math.round(milliseconds)} ms`;
  item.className = isAnomalous ? "anomalous" : "";
  item.replaceChildren(canvas, make("p", {}, text));
}

const tryOut = (files: readonly File[]) =>
  act(async () => {
    for (const file of files) {
      const item = make("li");
      await score(file, file.name, item);
      results.prepend(item);
    }
  });

/** Fetches sample pictures. */
async function samples(folder: string, names: readonly string[]) {
  return await Promise.all(names.map(async (name) => {
    const response = await fetch(`images/${folder}/${name}.jpg`);
    if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
    return new File([await response.blob()], name, { type: "image/jpeg" });
  }));
}

/** Scores the webcam's pictures until it is stopped. */
async function watch(): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment" },
  });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const item = make("li");
  results.prepend(item);
  while (video.srcObject === stream) {
    const { videoWidth: width, videoHeight: height } = video;
    const frame = new OffscreenCanvas(width, height).getContext("2d")!;
    frame.drawImage(video, 0, 0);
    await score(frame.getImageData(0, 0, width, height), "webcam", item);
  }
}

function stop(): void {
  const stream = video.srcObject as MediaStream;
  for (const track of stream.getTracks()) track.stop();
  video.srcObject = null;
  video.hidden = true;
}

/** Calls with the files that are chosen, or dropped on a section. */
function listen(
  input: string,
  section: string,
  use: (files: File[]) => void,
): void {
  const element = byId(input, HTMLInputElement);
  element.onchange = () => {
    const files = [...element.files!];
    if (files.length > 0) use(files);
    element.value = ""; // Lets the same files be chosen again.
  };
  const zone = byId(section, HTMLElement);
  zone.ondragover = (event) => {
    event.preventDefault();
    zone.classList.add("dropping");
  };
  zone.ondragleave = () => zone.classList.remove("dropping");
  zone.ondrop = (event) => {
    event.preventDefault();
    zone.classList.remove("dropping");
    const files = [...event.dataTransfer!.files];
    if (files.length > 0 && !element.disabled) use(files);
  };
}

const openBank = ([bank]: File[]) =>
  act(async () => show(await ask<Learnt>({ task: "open", bank })));

const numbers = (count: number) =>
  Array.from({ length: count }, (_, i) => `${i}`.padStart(2, "0"));

listen("good-files", "good", (files) => {
  const isBank = files[0].name.endsWith(".npz");
  void (isBank ? openBank(files) : learn(files));
});
listen("try-files", "tried", tryOut);
byId("bank-file", HTMLInputElement).onchange = ({ target }) =>
  openBank([...(target as HTMLInputElement).files!]);
byId("bricks", HTMLButtonElement).onclick = () =>
  act(async () => await learn(await samples("good", numbers(12))));
byId("faulty", HTMLButtonElement).onclick = () =>
  act(async () =>
    await tryOut(await samples("test", ["good", "hole", "spot", "scratch"]))
  );
byId("camera", HTMLButtonElement).onclick = () =>
  video.srcObject ? stop() : act(watch);
byId("save", HTMLButtonElement).onclick = () =>
  act(async () => {
    const bank = await ask<Blob>({ task: "save" });
    const href = URL.createObjectURL(bank);
    make("a", { href, download: "bank.npz" }).click();
    URL.revokeObjectURL(href);
  });
