/// <reference lib="dom" />
/**
 * The explorer: what each node of a network computes from a picture, or from two. The URL says what
 * is on screen.
 *
 * @module
 */

import { parseClassNames } from "./class_names.ts";
import { listenToControls, showControls } from "./controls.ts";
import { byId } from "./dom.ts";
import { Explorer } from "./explorer.ts";
import { listenForFiles } from "./files.ts";
import { listenForKeys } from "./keys.ts";
import { hideProblem, showProblem, tell, Work } from "./notices.ts";
import { cannotFetch, offerOfficialWeights } from "./official_weights.ts";
import type { OfficialName } from "./protocol.ts";
import { followUrl, pushUrl } from "./url.ts";

const shipped = new URL("code/mlnet_resnet18.npz", document.baseURI);
const advice = {
  start: "The explorer can't start. Reload the page or try another browser; " +
    "it needs WebAssembly and module workers.",
  network: "Can't use these weights. Choose the state dict of a ResNet " +
    "(.pth, .safetensors or .npz) with layer1 to layer4.",
  names: "Can't use these names of classes. Choose a text file with a name " +
    "on each line, or a JSON list.",
};

const explorer = new Explorer({
  shown: (screen) => showControls(screen, explorer),
  chosen: pushUrl,
});
const { engine, strip } = explorer;

let opening: Work | undefined;

/** Opens weights. Returns whether they are open. */
async function openNetwork(
  source: File | URL | OfficialName,
  whenItFails: (error: unknown) => void,
): Promise<boolean> {
  hideProblem();
  opening?.cancel();
  explorer.cancel();
  const work = opening = new Work("Opening the weights");
  try {
    explorer.column.show(await engine.openNetwork(work, source));
    byId("ship", HTMLElement).hidden = source === shipped;
    return true;
  } catch (error) {
    if (!work.signal.aborted) whenItFails(error);
    return false;
  } finally {
    work.end();
  }
}

/** Opens weights, and shows what the network makes of the pictures. */
async function changeNetwork(
  source: File | URL | OfficialName,
  whenItFails = (error: unknown) => showProblem(error, advice.network),
): Promise<void> {
  if (!await openNetwork(source, whenItFails)) return;
  await explorer.go({ map: undefined, mark: undefined, evidence: undefined });
}

async function nameClasses(file: File): Promise<void> {
  hideProblem();
  try {
    const names = parseClassNames(await file.text());
    const { classes } = engine.network;
    if (names.length !== classes) {
      throw new RangeError(
        `${names.length} names but ${classes} classes; the counts must match`,
      );
    }
    explorer.passes.names = names;
  } catch (error) {
    showProblem(error, advice.names);
  }
}

async function start(): Promise<void> {
  const work = new Work("Starting");
  try {
    const { threads, fallback } = await engine.start(work);
    const count = threads === 1 ? "One thread" : `${threads} threads`;
    const why = crossOriginIsolated
      ? fallback
      : "the page isn't isolated; its server must send COOP and COEP headers";
    byId("engine", HTMLElement).textContent = threads === 1 && why
      ? `${count}: ${why}`
      : count;
  } catch (error) {
    showProblem(error, advice.start);
    return;
  } finally {
    work.end();
  }
  listenForFiles({
    pictures(files) {
      const [first] = strip.add(files);
      void explorer.openPicture(first);
    },
    weights: (file) => void changeNetwork(file),
    names: (file) => void nameClasses(file),
  });
  offerOfficialWeights((entry) =>
    void changeNetwork(entry, () => tell(cannotFetch(entry), entry.url))
  );
  byId("ship", HTMLElement).onclick = () => changeNetwork(shipped);
  listenToControls(explorer);
  listenForKeys({
    find: () => byId("find", HTMLInputElement).focus(),
    compare: () => void explorer.compare(),
    step: (by) => void explorer.step(by),
  });
  const fail = (error: unknown) => showProblem(error, advice.start);
  if (!await openNetwork(shipped, fail)) return;
  await followUrl(async (screen) => {
    await explorer.show(screen);
    return explorer.screen;
  });
}

void start();
