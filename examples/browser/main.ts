/// <reference lib="dom" />
/**
 * The explorer: what each node of a network computes from a picture.
 *
 * @module
 */

import { ClassList } from "./class_list.ts";
import { byId, duration, make, shapeText } from "./dom.ts";
import { WorkerClient } from "./worker_client.ts";
import { fetchPicture, firstPicture, listenForFiles } from "./files.ts";
import { MapGrid } from "./map_grid.ts";
import { NetworkColumn } from "./network_column.ts";
import { hideProblem, showProblem, Work } from "./notices.ts";
import { PictureView, type Place } from "./picture_view.ts";
import type {
  ClassScore,
  FeatureMaps,
  NetworkInfo,
  PictureInfo,
  Tasks,
} from "./protocol.ts";

const shipped = new URL("code/mlnet_resnet18.npz", document.baseURI);
const advice = {
  start: "The explorer can't start. Reload the page or try another browser; " +
    "it needs WebAssembly and module workers.",
  network: "Can't use these weights. Choose the state dict of a ResNet " +
    "(.pth, .safetensors or .npz) with layer1 to layer4.",
  picture: "Can't open this picture. Choose a JPEG, PNG or WebP file.",
  compute: "The computation failed. Try again, or reload the page.",
};

const worker = new WorkerClient();
const picture = new PictureView(compare, clear);
const grid = new MapGrid({ point, choose: chooseMap });
const column = new NetworkColumn(showNode);
const classes = new ClassList(showEvidence);

let network: NetworkInfo | undefined;
let file: Blob | undefined;
/** The chosen node, and the maps on screen. */
let node = "layer1.1.relu_1";
let shown: FeatureMaps | undefined;
const facts = new Map<string, string>();

/** Runs some work and shows its progress; shows advice if it fails. */
async function during(
  work: Work,
  whenItFails: string,
  run: (work: Work) => Promise<void>,
): Promise<void> {
  try {
    await run(work);
  } catch (error) {
    if (!work.signal.aborted) showProblem(error, whenItFails);
  } finally {
    work.end();
  }
}

let opening: Work | undefined;
let question: Work | undefined;

/** Opens a picture or a network, and cancels whatever is running. */
function open(
  what: string,
  whenItFails: string,
  run: (work: Work) => Promise<void>,
): Promise<void> {
  hideProblem();
  opening?.cancel();
  question?.cancel();
  opening = new Work(what);
  return during(opening, whenItFails, run);
}

/** Asks the network something, and cancels the previous question. */
function ask(
  what: string,
  run: (work: Work) => Promise<void>,
): Promise<void> {
  question?.cancel();
  question = new Work(what);
  return during(question, advice.compute, run);
}

/** Runs a task in the worker as part of some work. */
function call<T extends keyof Tasks>(
  { signal, progress: onProgress }: Work,
  task: T,
  ...args: Parameters<Tasks[T]>
): ReturnType<Tasks[T]> {
  return worker.call(task, args, { signal, onProgress });
}

function openNetwork(source: File | URL): Promise<void> {
  return open("Opening the weights", advice.network, async (work) => {
    // A URL can't be sent to a worker.
    const from = source instanceof URL ? source.href : source;
    network = await call(work, "openNetwork", from);
    column.show(network);
    byId("ship", HTMLElement).hidden = source === shipped;
    const names = network.nodes.map(({ name }) => name);
    if (!names.includes(node)) {
      node = names.findLast((name) => name.startsWith("layer1."))!;
    }
    if (!file) return;
    await lookAt(work, await worker.call("openPicture", [file]), file);
  });
}

function openPicture(source: Blob | URL): Promise<void> {
  return open("Opening the picture", advice.picture, async (work) => {
    const blob = source instanceof URL ? await fetchPicture(source) : source;
    await lookAt(work, await call(work, "openPicture", blob), blob);
  });
}

/**
 * Shows the picture that the worker has open and what the network computes from it, unless something
 * else is being opened by now.
 */
async function lookAt(
  work: Work,
  opened: PictureInfo,
  blob: Blob,
): Promise<void> {
  file = blob;
  picture.setPicture(opened.crop);
  setFacts({
    "Picture size": shapeText([opened.width, opened.height]),
    "Decode": duration(opened.decodeTime),
    "Resize, crop, normalise": duration(opened.preprocessTime),
  });
  if (opening === work) await showMaps();
  if (opening === work) await look();
}

/** Shows the maps of the chosen node. */
async function showMaps(signal?: AbortSignal): Promise<void> {
  column.mark(node);
  const { classList } = byId("grid", HTMLElement).parentElement!;
  classList.add("waiting");
  try {
    const maps = await worker.call("featureMaps", [node], { signal });
    signal?.throwIfAborted();
    const start = performance.now();
    shown = maps;
    picture.setSize(maps.height, maps.width);
    clear();
    const { operation } = network!.nodes.find(({ name }) =>
      name === maps.node
    )!;
    grid.show(maps, operation);
    setFacts({
      "Network up to this node": duration(maps.time),
      "Draw the maps": duration(performance.now() - start),
    });
  } finally {
    classList.remove("waiting");
  }
}

/** Runs the whole network and shows its times and classes. */
async function look(): Promise<void> {
  const pass = await worker.call("pass", []);
  column.setTimes(pass.stages);
  classes.show(pass.classes);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  byId("size", HTMLElement).textContent = `${
    megabytes(pass.weights)
  } in memory`;
  setFacts({
    "Whole network": duration(pass.time),
    "Weights": megabytes(pass.weights),
    "WebAssembly memory": megabytes(pass.heap),
  });
}

function showNode(chosen: string): void {
  node = chosen;
  void ask(`Computing ${chosen}`, ({ signal }) => showMaps(signal));
}

const overlay = (channel: number) => ({
  ...shown!,
  title: `${shown!.node}, map ${channel}`,
  values: grid.map(channel),
});

function point(channel: number | undefined): void {
  picture.pass(channel === undefined ? undefined : overlay(channel));
}

function chooseMap(channel: number): void {
  mark({ channel });
  picture.keep(overlay(channel));
  picture.reveal();
}

function compare(place: Place): void {
  const { row, column: at } = place, asked = shown!.node;
  void ask("Comparing places", async (work) => {
    const map = await call(work, "similarity", asked, row, at);
    work.signal.throwIfAborted();
    mark({});
    picture.keep({ ...map, title: `Similar to the mark (${asked})` }, place);
    setFacts({ "Compare places": duration(map.time) });
  });
}

function showEvidence({ index, label }: ClassScore): void {
  void ask("Locating the evidence", async (work) => {
    const map = await call(work, "evidence", index);
    work.signal.throwIfAborted();
    mark({ index });
    picture.keep({ ...map, title: `Evidence for “${label}”` });
    picture.reveal();
  });
}

function clear(): void {
  mark({});
  picture.keep(undefined);
}

/** Marks the source of the overlay: a map, a class, or neither. */
function mark({ channel, index }: { channel?: number; index?: number }): void {
  grid.mark(channel);
  classes.mark(index);
}

function setFacts(known: Record<string, string>): void {
  for (const [name, value] of Object.entries(known)) facts.set(name, value);
  byId("facts", HTMLElement).replaceChildren(
    ...[...facts].flatMap(([name, value]) => [
      make("dt", {}, name),
      make("dd", {}, value),
    ]),
  );
}

async function start(): Promise<void> {
  await during(new Work("Starting"), advice.start, async (work) => {
    const { threads, fallback } = await call(work, "start");
    const count = threads === 1 ? "One thread" : `${threads} threads`;
    const why = crossOriginIsolated
      ? fallback
      : "the page isn't isolated; its server must send COOP and COEP headers";
    byId("engine", HTMLElement).textContent = threads === 1 && why
      ? `${count}: ${why}`
      : count;
  });
  listenForFiles({ picture: openPicture, weights: openNetwork }, openPicture);
  byId("ship", HTMLElement).onclick = () => openNetwork(shipped);
  await openNetwork(shipped);
  if (network) await openPicture(firstPicture);
}

void start();
