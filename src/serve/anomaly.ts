/**
 * Answers to anomaly tasks.
 *
 * @module
 */

import { drawAnomaly } from "../anomaly/draw.ts";
import {
  type AnomalyThreshold,
  bankParts,
  type PatchCore,
} from "../anomaly/patch_core.ts";
import type { AnomalyScore } from "../anomaly/score.ts";
import { computeNodes, item } from "../extract/compute_nodes.ts";
import { allFinite } from "../formats/all_finite.ts";
import { decodeImage } from "../image/decode.ts";
import { encodePng } from "../image/encode_png.ts";
import { encodeJson } from "./encode_features.ts";
import type { EngineSettings, Outcome } from "./engine.ts";
import { type Answers, notFinite, type ReadyTask } from "./outcome.ts";
import type { AnomalyTask } from "./task.ts";

/** Scores the pictures of tasks as one batch. */
export async function anomalies(
  bank: PatchCore,
  ready: readonly ReadyTask<AnomalyTask>[],
  settings: EngineSettings,
): Promise<Answers> {
  const { front, score } = bankParts(bank);
  const { layers } = bank.origin;
  const start = performance.now();
  const inputs = ready.flatMap(({ inputs }) => inputs);
  const nodes = await computeNodes(front, inputs, layers, { layout: "nhwc" });
  const scores = inputs.map((_, i) =>
    score(nodes.map(([, array]) => item(array, i)))
  );
  const ms = performance.now() - start;
  const answers: Outcome[] = [];
  for (const { task, inputs } of ready) {
    const mine = scores.splice(0, inputs.length);
    answers.push(
      allFinite(mine.map(({ score }) => score))
        ? await encode(bank, task, mine, settings)
        : notFinite("values"),
    );
  }
  return { answers, ms };
}

async function encode(
  bank: PatchCore,
  { pictures, format, quantile }: AnomalyTask,
  scores: readonly AnomalyScore[],
  settings: EngineSettings,
): Promise<Outcome> {
  const threshold = bank.hasThreshold ? bank.threshold(quantile) : null;
  if (format === "png") {
    const [{ bytes }] = pictures;
    const { maxPixels, decoders: modules } = settings;
    const { exifOrientation } = bank.origin;
    const picture = await decodeImage(bytes, {
      ...{ maxPixels, modules, exifOrientation },
    });
    const options = { ...bank.origin, threshold: threshold?.map };
    const drawing = await drawAnomaly(picture, scores[0].map, options);
    return { body: await encodePng(drawing), type: "image/png" };
  }
  return encodeJson({
    arch: bank.origin.arch,
    threshold,
    pictures: scores.map((score, i) => ({
      name: pictures[i].name,
      ...summaryOf(score, threshold),
    })),
  });
}

function summaryOf(
  { score, map }: AnomalyScore,
  threshold: AnomalyThreshold | null,
) {
  const mapMax = map.data.reduce((a, b) => Math.max(a, b));
  const anomalous = threshold && score > threshold.score;
  return { score, mapMax, anomalous };
}
