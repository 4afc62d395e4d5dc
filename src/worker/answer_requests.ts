/**
 * Answers requests: reads pictures ahead, and runs those that wait as one batch.
 *
 * @module
 */

import { turn } from "../runtime/turn.ts";
import {
  computeNodes,
  type ExtractFilesOptions,
  item,
} from "../extract/compute_nodes.ts";
import type { InputLoader } from "../extract/input_loader.ts";
import { batchSize } from "../extract/input_batches.ts";
import type { ResNet } from "../model/model.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type {
  PictureAnswer,
  PictureRequest,
  WorkerRequest,
} from "./protocol.ts";
import type { RequestWindow } from "./request_window.ts";

/** An outstanding request. */
interface Job {
  readonly request: WorkerRequest;
  readonly answers: PictureAnswer[];
}

/** A decoded picture, or why it could not be read. */
interface Loaded {
  readonly job: Job;
  readonly path: string;
  readonly input?: ShapedArray;
  readonly error?: Error;
  readonly decodeSeconds: number;
}

/** What to compute for each picture, and how. */
export interface Extraction {
  readonly model: ResNet;
  readonly names: readonly string[];
  readonly options: ExtractFilesOptions;
  /** Decodes a picture. */
  readonly load: InputLoader["load"];
  /** Whether `load` uses other threads, so that decoding and computing overlap. */
  readonly isParallel: boolean;
}

/**
 * Answers requests in order.
 *
 * Pictures that wait at the same time run as one batch, even from different requests. A batch is
 * never held back to fill it.
 */
export async function* answerRequests(
  window: RequestWindow,
  extraction: Extraction,
): AsyncGenerator<PictureAnswer[]> {
  const { isParallel } = extraction;
  const most = isParallel ? 2 * batchSize : batchSize;
  const jobs: Job[] = [];
  const pictures = waiting(window, jobs);
  const loading: Promise<Loaded>[] = [];
  while (jobs.length > 0 || await window.wait()) {
    while (loading.length < most) {
      const { done, value } = pictures.next();
      if (done) break;
      // In this thread one after the other, so that each is timed alone.
      const before = isParallel ? undefined : loading.at(-1);
      loading.push(load(value, extraction, before));
    }
    await turn(); // Under a steady load nothing else here lets timers and I/O run.
    const batch = await Promise.all(loading.splice(0, batchSize));
    await compute(batch, extraction);
    while (jobs.length > 0 && isAnswered(jobs[0])) yield jobs.shift()!.answers;
  }
}

const isAnswered = ({ request, answers }: Job) =>
  answers.length === request.length;

/** Iterates over the pictures of waiting requests; it can resume after `done`. */
function waiting(window: RequestWindow, jobs: Job[]) {
  let rest: { job: Job; picture: PictureRequest }[] = [];
  return {
    next() {
      while (rest.length === 0) {
        const request = window.take();
        if (!request) return { done: true } as const;
        const job: Job = { request, answers: [] };
        jobs.push(job);
        rest = request.map((picture) => ({ job, picture }));
      }
      return { done: false, value: rest.shift()! } as const;
    },
  };
}

async function load(
  { job, picture }: { job: Job; picture: PictureRequest },
  { load }: Extraction,
  before?: Promise<unknown>,
): Promise<Loaded> {
  await before;
  const { path, content } = picture;
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1000;
  try {
    if (picture.error) throw picture.error;
    const input = await load(content ? { path, content } : path);
    return { job, path, input, decodeSeconds: seconds() };
  } catch (error) {
    return { job, path, error: error as Error, decodeSeconds: seconds() };
  }
}

/** Adds the answers to their requests. */
async function compute(
  batch: readonly Loaded[],
  { model, names, options }: Extraction,
): Promise<void> {
  const inputs = batch.flatMap(({ input }) => input ? [input] : []);
  const begin = performance.now();
  const arrays = inputs.length > 0
    ? await computeNodes(model, inputs, names, options)
    : [];
  const computeSeconds = (performance.now() - begin) / 1000 / inputs.length;
  let n = 0;
  for (const { job, path, input, error, decodeSeconds } of batch) {
    if (!input) {
      job.answers.push({ path, error, decodeSeconds, computeSeconds: 0 });
      continue;
    }
    const values = Object.fromEntries(
      arrays.map(([name, array]) => [name, item(array, n)]),
    );
    n++;
    job.answers.push({ path, values, decodeSeconds, computeSeconds });
  }
}
