/**
 * From requests to answers: pictures are read ahead, and those that wait run together.
 *
 * @module
 */

import { turn } from "../runtime/turn.ts";
import {
  computeNodes,
  type ExtractFilesOptions,
  item,
} from "../extract/extract_files.ts";
import type { InputLoader } from "../extract/input_loader.ts";
import { batchSize } from "../extract/inputs.ts";
import type { ResNet } from "../model/model.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { PictureAnswer, PictureRequest, Request } from "./request.ts";
import type { Window } from "./window.ts";

/** A request under way. */
interface Job {
  readonly request: Request;
  readonly answers: PictureAnswer[];
}

/** A picture under way, or why it could not be read. */
interface Loaded {
  readonly job: Job;
  readonly path: string;
  readonly input?: ShapedArray;
  readonly error?: Error;
  readonly decodeSeconds: number;
}

/** What is asked of a picture, and how. */
export interface Extraction {
  readonly model: ResNet;
  readonly names: readonly string[];
  readonly options: ExtractFilesOptions;
  /** Reads pictures. */
  readonly load: InputLoader["load"];
  /** Whether it does so elsewhere: several at a time, and while others are computed. */
  readonly isParallel: boolean;
}

/**
 * Answers requests in their order, as far as they have come.
 *
 * Pictures of several requests run together if they wait at the same time; none is waited for.
 */
export async function* answerRequests(
  window: Window<Request>,
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
      // Here one comes after the other, so that each one's time is its own.
      const before = isParallel ? undefined : loading.at(-1);
      loading.push(load(value, extraction, before));
    }
    await turn(); // While requests and room for answers are at hand nothing else waits.
    const batch = await Promise.all(loading.splice(0, batchSize));
    await compute(batch, extraction);
    while (jobs.length > 0 && isAnswered(jobs[0])) yield jobs.shift()!.answers;
  }
}

const isAnswered = ({ request, answers }: Job) =>
  answers.length === request.length;

/** The pictures of the requests that have come; it may be asked again after it had no more. */
function waiting(window: Window<Request>, jobs: Job[]) {
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
