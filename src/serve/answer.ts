/**
 * Runs a batch of decoded pictures, and encodes the answers.
 *
 * @module
 */

import type { PatchCore } from "../anomaly/patch_core.ts";
import { classify } from "../model/classify.ts";
import { computeNodes, item } from "../extract/compute_nodes.ts";
import { stackInputs } from "../extract/input_batches.ts";
import type { ResNet } from "../model/model.ts";
import { allFinite } from "../formats/all_finite.ts";
import { encodeFeatures, encodeJson } from "./encode_features.ts";
import type { EngineSettings, Outcome } from "./engine.ts";
import { type Answers, notFinite, type ReadyTask } from "./outcome.ts";
import type {
  AnomalyTask,
  ClassifyTask,
  FeaturesTask,
  PictureTask,
} from "./task.ts";

/** Runs tasks of one key as one batch. */
export async function answer(
  model: ResNet,
  ready: readonly ReadyTask[],
  settings: EngineSettings,
  bank?: PatchCore,
): Promise<Answers> {
  if (ready.length === 0) return { answers: [], ms: 0 };
  switch (ready[0].task.kind) {
    case "features":
      return await features(model, ready as ReadyTask<FeaturesTask>[]);
    case "classify":
      return await classes(model, ready as ReadyTask<ClassifyTask>[], settings);
    case "picture":
      return await pictures(model, ready as ReadyTask<PictureTask>[]);
    case "anomaly": {
      const { anomalies } = await import("./anomaly.ts");
      const tasks = ready as ReadyTask<AnomalyTask>[];
      return await anomalies(bank!, tasks, settings);
    }
  }
}

async function features(
  model: ResNet,
  ready: readonly ReadyTask<FeaturesTask>[],
): Promise<Answers> {
  const { layers, pool } = ready[0].task;
  const start = performance.now();
  const inputs = ready.flatMap(({ inputs }) => inputs);
  const nodes = await computeNodes(model, inputs, layers, { pool });
  const ms = performance.now() - start;
  const answers: Outcome[] = [];
  let first = 0;
  for (const { task, inputs } of ready) {
    const damaged = nodes.find(([, array]) =>
      !inputs.every((_, i) => allFinite(item(array, first + i).data))
    );
    answers.push(
      damaged
        ? notFinite(`values of "${damaged[0]}"`)
        : await encodeFeatures(model.arch, task, nodes, first),
    );
    first += inputs.length;
  }
  return { answers, ms };
}

async function classes(
  model: ResNet,
  ready: readonly ReadyTask<ClassifyTask>[],
  { labels }: EngineSettings,
): Promise<Answers> {
  const start = performance.now();
  const batch = stackInputs(ready.flatMap(({ inputs }) => inputs));
  try {
    const top = Math.max(...ready.map(({ task }) => task.top));
    const all = await classify(model, batch, { top, labels });
    const ms = performance.now() - start;
    const answers = ready.map(({ task }) => {
      const mine = all.splice(0, task.pictures.length);
      if (!allFinite(mine.flat().map(({ score }) => score))) {
        return notFinite("scores");
      }
      const pictures = mine
        .map((classes, i) => ({
          name: task.pictures[i].name,
          classes: classes.slice(0, task.top),
        }));
      return encodeJson({ arch: model.arch, pictures });
    });
    return { answers, ms };
  } finally {
    batch.dispose();
  }
}

async function pictures(
  model: ResNet,
  ready: readonly ReadyTask<PictureTask>[],
): Promise<Answers> {
  const [{ drawFeatureMapGrid }, { encodePng }] = await Promise.all([
    import("../drawing/draw_grid.ts"),
    import("../image/encode_png.ts"),
  ]);
  const start = performance.now();
  const inputs = ready.flatMap(({ inputs }) => inputs);
  const { layer } = ready[0].task;
  const [[, maps]] = await computeNodes(model, inputs, [layer], {
    layout: "nhwc",
  });
  const ms = performance.now() - start;
  const answers: Outcome[] = [];
  for (const [i, { task }] of ready.entries()) {
    if (!allFinite(item(maps, i).data)) {
      answers.push(notFinite(`values of "${layer}"`));
      continue;
    }
    try {
      const grid = await drawFeatureMapGrid(item(maps, i), task.grid);
      const body = await encodePng(grid);
      answers.push({ body, type: "image/png" });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      answers.push({ status: 400, detail: error.message });
    }
  }
  return { answers, ms };
}
