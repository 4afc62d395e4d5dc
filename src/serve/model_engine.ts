/**
 * An engine in the current thread. A separate thread imports this module, too.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "../backend/start.ts";
import { turn } from "../runtime/turn.ts";
import type { PatchCore } from "../anomaly/patch_core.ts";
import { readingOrigin } from "../extract/vector_file.ts";
import { loadInput } from "../extract/load_input.ts";
import { createModel } from "../model/create_model.ts";
import type { ResNet } from "../model/model.ts";
import { backendInfo, shareKernelThreads } from "../model/start_kernels.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { answer } from "./answer.ts";
import type {
  BatchReport,
  Engine,
  EngineInfo,
  EngineSettings,
  Outcome,
} from "./engine.ts";
import type { Task } from "./task.ts";

/** The URL of this module, for a thread to import. */
export const moduleUrl: string = import.meta.url;

/**
 * Starts the backend and loads the network.
 *
 * @param words Memory by which another thread can end the kernels' threads.
 * @throws What `startBackend` and `createModel` throw.
 */
export async function startModelEngine(
  settings: EngineSettings,
  words?: Int32Array,
): Promise<Engine> {
  if (words) shareKernelThreads(words);
  await startBackend(settings.backend);
  const { arch, outputLayer, pretrained } = settings;
  const model = await createModel(
    arch,
    outputLayer,
    pretrained,
    settings.model,
  );
  const info = describe(model);
  const { labels } = settings;
  if (labels && labels.length !== info.classes) {
    model.dispose();
    throw new RangeError(
      `${labels.length} labels for ${info.classes} classes; the counts must match`,
    );
  }
  const bank = await openBank(model, settings.bank);
  return {
    info: { ...info, hasBank: bank !== undefined },
    backend: backendInfo,
    run: (tasks) => run(model, tasks, settings, bank),
    close() {
      bank?.dispose();
      model.dispose();
      return Promise.resolve();
    },
  };
}

/** The bank of these settings; if it can't be opened, the model is disposed. */
async function openBank(
  model: ResNet,
  source: EngineSettings["bank"],
): Promise<PatchCore | undefined> {
  if (source === undefined) return undefined;
  try {
    const { loadPatchCore } = await import("../anomaly/load_patch_core.ts");
    return await loadPatchCore(model, source);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function describe(model: ResNet): Omit<EngineInfo, "hasBank"> {
  const { cropSize } = model.preset;
  const shapes = model.shapes([1, cropSize, cropSize, model.inChannels]);
  const layers = new Map<string, readonly number[]>();
  for (
    const name of [...model.nodes().keys(), ...model.namedModules().keys()]
  ) {
    if (name === "" || layers.has(name)) continue;
    try {
      const [, ...shape] = shapes.get(model.resolveNode(name))!;
      layers.set(name, [shape.pop()!, ...shape]);
    } catch {
      // A container that is cut in the middle has no output.
    }
  }
  const head = model.layers.get("fc");
  const table = (style: "torchsummary" | "torchinfo") => {
    const summary = model.summary([3, cropSize, cropSize], { style });
    const { toString: _, ...data } = summary;
    return { data, text: `${summary}` };
  };
  return {
    arch: model.arch,
    outputLayer: model.outputLayer,
    layers,
    classes: head?.type === "Linear" ? head.outFeatures : 0,
    summaries: {
      torchsummary: table("torchsummary"),
      torchinfo: table("torchinfo"),
    },
  };
}

/** A task with its decoded pictures, or a problem. */
type Decoded =
  | { readonly task: Task; readonly inputs: ShapedArray[] }
  | Outcome;

async function run(
  model: ResNet,
  tasks: readonly Task[],
  settings: EngineSettings,
  bank: PatchCore | undefined,
): Promise<BatchReport> {
  const start = performance.now();
  const { maxPixels, decoders: modules, draft } = settings;
  const decoded: Decoded[] = [];
  for (const task of tasks) {
    try {
      const { exifOrientation = settings.exifOrientation } = task;
      const usual = { draft, exifOrientation };
      const reading = task.kind === "anomaly" ? bank!.origin : usual;
      const options = { maxPixels, modules, ...readingOrigin(reading) };
      const inputs: ShapedArray[] = [];
      for (const { name, bytes } of task.pictures) {
        await turn(); // Lets timers and other requests run.
        const file = { path: name, content: bytes };
        inputs.push(await loadInput(file, model.preset, options));
      }
      decoded.push({ task, inputs });
    } catch (error) {
      decoded.push(problemOf(error as Error));
    }
  }
  const afterDecode = performance.now();
  const ready = decoded.flatMap((one) => "task" in one ? [one] : []);
  const { answers, ms } = await answer(model, ready, settings, bank);
  const outcomes = decoded.map((one) => "task" in one ? answers.shift()! : one);
  return {
    outcomes,
    timings: {
      decode: afterDecode - start,
      model: ms,
      encode: performance.now() - afterDecode - ms,
    },
    tensors: tf.memory().numTensors,
  };
}

function problemOf(error: Error): Outcome {
  const detail = error.message;
  if (error instanceof RangeError) return { status: 413, detail };
  if (error instanceof SyntaxError) return { status: 422, detail };
  return { status: 500, detail };
}
