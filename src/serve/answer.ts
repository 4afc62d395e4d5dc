/**
 * From the pictures of a batch to the body of each answer.
 *
 * @module
 */

import { classify } from "../model/classify.ts";
import { computeNodes } from "../extract/compute_nodes.ts";
import { stackInputs } from "../extract/input_batches.ts";
import type { ResNet } from "../model/model.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { EngineSettings, Outcome } from "./engine.ts";
import { encodeFeatures } from "./encode_features.ts";
import type { ClassifyTask, FeaturesTask, PictureTask, Task } from "./task.ts";

/** A task with its pictures as the network takes them: `[H, W, 3]` each. */
export interface ReadyTask<T extends Task = Task> {
  readonly task: T;
  readonly inputs: readonly ShapedArray[];
}

/** What a batch came to. */
interface Answers {
  readonly answers: Outcome[];
  /** Milliseconds in the network. */
  readonly ms: number;
}

/** Runs tasks of one key as one batch. */
export async function answer(
  model: ResNet,
  ready: readonly ReadyTask[],
  settings: EngineSettings,
): Promise<Answers> {
  if (ready.length === 0) return { answers: [], ms: 0 };
  switch (ready[0].task.kind) {
    case "features":
      return await features(model, ready as ReadyTask<FeaturesTask>[]);
    case "classify":
      return await classes(model, ready as ReadyTask<ClassifyTask>[], settings);
    case "picture":
      return await pictures(model, ready as ReadyTask<PictureTask>[], settings);
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
  let from = 0;
  for (const { task, inputs } of ready) {
    const to = from + inputs.length;
    const rows = nodes.map(([name, array]) =>
      [name, slice(array, from, to)] as const
    );
    answers.push(await encodeFeatures(model.arch, task, rows));
    from = to;
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
      const pictures = all.splice(0, task.pictures.length)
        .map((classes, i) => ({
          name: task.pictures[i].name,
          classes: classes.slice(0, task.top),
        }));
      return json({ arch: model.arch, pictures });
    });
    return { answers, ms };
  } finally {
    batch.dispose();
  }
}

async function pictures(
  model: ResNet,
  ready: readonly ReadyTask<PictureTask>[],
  { decoders: modules }: EngineSettings,
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
    const { data, shape: [, ...shape] } = slice(maps, i, i + 1);
    try {
      const grid = await drawFeatureMapGrid({ data, shape }, task.grid);
      answers.push({
        body: await encodePng(grid, { modules }),
        type: "image/png",
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      answers.push({ status: 400, detail: error.message });
    }
  }
  return { answers, ms };
}

/** Some pictures of a batch. */
function slice(
  { data, shape: [count, ...shape] }: ShapedArray,
  from: number,
  to: number,
): ShapedArray {
  const size = data.length / count;
  return {
    data: data.subarray(from * size, to * size),
    shape: [to - from, ...shape],
  };
}

/** A JSON body. */
function json(value: unknown): Outcome {
  return {
    body: new TextEncoder().encode(JSON.stringify(value)),
    type: "application/json",
  };
}
