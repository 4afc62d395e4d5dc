/// <reference lib="webworker" />
/**
 * The web worker: learns and scores, one order after another, so that the page stays responsive.
 *
 * @module
 */

import {
  createModel,
  decodeImage,
  type Picture,
  type ResNet,
  startBackend,
} from "@layertap/resnet";
import {
  drawAnomaly,
  fitPatchCore,
  loadPatchCore,
  type PatchCore,
} from "@layertap/resnet/anomaly";
import type { Learnt, Order, Report, Scored } from "./protocol.ts";

const worker = self as unknown as DedicatedWorkerGlobalScope;
const post = (report: Report) => worker.postMessage(report);

let model: Promise<ResNet> | undefined;
let bank: PatchCore | undefined;

async function load(): Promise<ResNet> {
  await startBackend();
  return await createModel("mlnet_resnet18", "layer3", true) as ResNet;
}

const decode = (file: Blob) => decodeImage(file, { exifOrientation: true });

/** Good pictures, decoded one after the other. */
async function* decoded(
  files: readonly Blob[],
  failures: string[],
): AsyncGenerator<Picture> {
  for (const file of files) {
    try {
      yield await decode(file);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
}

/** Replaces the bank. */
function keep(made: PatchCore, failures: readonly string[] = []): Learnt {
  bank?.dispose();
  bank = made;
  return {
    pictures: made.origin.pictures,
    patches: made.shape[0],
    threshold: made.hasThreshold ? made.threshold() : undefined,
    failures,
  };
}

async function run(order: Order): Promise<Learnt | Scored | Blob> {
  const network = await (model ??= load());
  const { id } = order;
  switch (order.task) {
    case "learn": {
      const failures: string[] = [];
      const pictures = decoded(order.pictures, failures);
      const made = await fitPatchCore(network, pictures, {
        coreset: 0.1,
        onProgress: ({ stage, done }) =>
          post({ id, progress: `${stage}: ${done}` }),
      });
      return keep(made, failures);
    }
    case "open":
      return keep(await loadPatchCore(network, order.bank));
    case "save":
      return await new Response(bank!.stream()).blob();
    case "score": {
      const start = performance.now();
      const { picture: given } = order;
      const picture = given instanceof Blob ? await decode(given) : given;
      const { score, map } = await bank!.score(picture);
      const milliseconds = performance.now() - start;
      const threshold = bank!.hasThreshold ? bank!.threshold() : undefined;
      const options = { ...bank!.origin, threshold: threshold?.map };
      const drawing = await drawAnomaly(picture, map, options);
      return { score, threshold, drawing, milliseconds };
    }
  }
}

let last: Promise<unknown> = Promise.resolve();
addEventListener("message", ({ data: order }: MessageEvent<Order>) => {
  const { id } = order;
  last = last.then(() => run(order)).then(
    (result) => post({ id, result }),
    ({ message }) => post({ id, error: message }),
  );
});
