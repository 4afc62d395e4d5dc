/**
 * Simulates what slow and failing nodes cost a run in rounds, with and without speculative
 * execution: the table in `docs/scale.md`.
 *
 *     deno run scripts/simulate_stragglers.ts [seconds for a picture]
 *
 * A round is a queue of tasks; a free core takes the next one. A task's time varies by a tenth, and is
 * four times as long on a slow node. A failing node loses its running tasks and returns after five
 * minutes; finished tasks are kept. A round ends with its last task. Speculation is Spark 4's: once
 * nine of ten tasks are done, one that runs for three times the median gets a copy on a free core.
 *
 * @module
 */

const nodeCores = 16;
const slowNodes = 0.01;
const slowFactor = 4;
/** Mean hours between two failures of a node: a month. */
const nodeHours = 720;
const repairSeconds = 300;
/** Between two rounds: planning, renaming folders. */
const commitSeconds = 10;
const speculation = { quantile: 0.9, multiplier: 3 };

/** The parameters of a run. */
interface Run {
  readonly cores: number;
  readonly taskSeconds: number;
  readonly tasksPerCore: number;
  readonly speculates: boolean;
}

interface Attempt {
  readonly task: number;
  readonly core: number;
  readonly start: number;
  isLost: boolean;
}

type Event = { readonly at: number; readonly happens: () => void };

/** A queue of events by time (a heap). */
class Agenda {
  readonly #heap: Event[] = [];

  add(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    for (let up; i > 0 && heap[up = (i - 1) >> 1].at > event.at; i = up) {
      heap[i] = heap[up];
    }
    heap[i] = event;
  }

  next(): Event {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let i = 0;
    for (let down; (down = 2 * i + 1) < heap.length; i = down) {
      if (down + 1 < heap.length && heap[down + 1].at < heap[down].at) down++;
      if (heap[down].at >= last.at) break;
      heap[i] = heap[down];
    }
    heap[i] = last;
    return first;
  }
}

/** Reproducible numbers in 0..1 (mulberry32). */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seconds of one round. */
function simulate(run: Run, random: () => number): number {
  const nodes = Math.ceil(run.cores / nodeCores);
  const isSlow = Array.from({ length: nodes }, () => random() < slowNodes);
  const tasks = run.cores * run.tasksPerCore;
  const waiting = Array.from({ length: tasks }, (_, task) => task);
  const free = Array.from({ length: run.cores }, (_, core) => core);
  const isDown = new Uint8Array(nodes);
  const isDone = new Uint8Array(tasks);
  const isCopied = new Uint8Array(tasks);
  const running = new Set<Attempt>();
  const durations: number[] = [];
  const agenda = new Agenda();
  let now = 0;
  let done = 0;
  let checks = Infinity;

  const nodeOf = (core: number) => Math.floor(core / nodeCores);
  const start = (task: number, core: number) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) *
      Math.cos(2 * Math.PI * random());
    const seconds = run.taskSeconds * Math.exp(0.1 * normal) *
      (isSlow[nodeOf(core)] ? slowFactor : 1);
    const attempt = { task, core, start: now, isLost: false };
    running.add(attempt);
    agenda.add({ at: now + seconds, happens: () => end(attempt, seconds) });
  };
  const end = (attempt: Attempt, seconds: number) => {
    if (attempt.isLost) return;
    running.delete(attempt);
    free.push(attempt.core);
    if (isDone[attempt.task]) return;
    isDone[attempt.task] = 1;
    done++;
    durations.push(seconds);
    for (const other of running) {
      if (!isCopied[attempt.task]) break;
      if (other.task !== attempt.task) continue;
      other.isLost = true; // The slower copy is killed.
      running.delete(other);
      free.push(other.core);
    }
  };
  const fail = (node: number) => {
    isDown[node] = 1;
    for (const attempt of running) {
      if (nodeOf(attempt.core) !== node) continue;
      attempt.isLost = true;
      running.delete(attempt);
      if (!isDone[attempt.task]) waiting.push(attempt.task);
      isCopied[attempt.task] = 0;
      free.push(attempt.core);
    }
    agenda.add({ at: now + repairSeconds, happens: () => isDown[node] = 0 });
    agenda.add({ at: now + failsIn(), happens: () => fail(node) });
  };
  const failsIn = () => -Math.log(1 - random()) * nodeHours * 3600;
  const dispatch = () => {
    const down: number[] = [];
    while (free.length > 0 && waiting.length > 0) {
      const core = free.pop()!;
      if (isDown[nodeOf(core)]) down.push(core);
      else start(waiting.pop()!, core);
    }
    free.push(...down);
  };
  let median = 0;
  const speculate = () => {
    if (free.length === 0 || done < speculation.quantile * tasks) return;
    median ||= durations.toSorted((a, b) => a - b)[durations.length >> 1];
    for (const attempt of [...running]) {
      const isLate = now - attempt.start >= speculation.multiplier * median;
      if (!isLate || isCopied[attempt.task]) continue;
      const core = free.findIndex((core) => !isDown[nodeOf(core)]);
      if (core < 0) return;
      isCopied[attempt.task] = 1;
      start(attempt.task, free.splice(core, 1)[0]);
    }
  };

  for (let node = 0; node < nodes; node++) {
    agenda.add({ at: failsIn(), happens: () => fail(node) });
  }
  dispatch();
  while (done < tasks) {
    const { at, happens } = agenda.next();
    now = at;
    happens();
    if (waiting.length > 0) dispatch();
    else if (run.speculates && now !== checks) {
      // Spark checks periodically.
      if (checks === Infinity || now > checks) {
        speculate();
        checks = now + run.taskSeconds / 20;
        agenda.add({ at: checks, happens: () => checks = Infinity });
      }
    }
  }
  return now;
}

/** The share of the cores' time that goes into pictures of finished tasks. */
function efficiency(run: Run): number {
  const random = randomNumbers(1);
  const rounds = Math.max(4, 40_000 / run.cores); // With few nodes, rounds differ more.
  let seconds = 0;
  for (let i = 0; i < rounds; i++) {
    seconds += simulate(run, random) + commitSeconds;
  }
  return rounds * run.tasksPerCore * run.taskSeconds / seconds;
}

const pictureSeconds = Number(Deno.args[0] ?? 0.055);
console.log(
  "| cores | a task | tasks for a core and round | pictures of a round | used | with speculation |\n" +
    "| --- | --- | --- | --- | --- | --- |",
);
for (const cores of [100, 1000, 10_000]) {
  for (const taskSeconds of [20, 60]) {
    for (const tasksPerCore of [3, 10, 30]) {
      const run = { cores, taskSeconds, tasksPerCore };
      const [plain, speculative] = [false, true].map((speculates) =>
        `${(100 * efficiency({ ...run, speculates })).toFixed(0)} %`
      );
      const pictures = cores * tasksPerCore * taskSeconds / pictureSeconds;
      console.log(
        `| ${cores} | ${taskSeconds} s | ${tasksPerCore} | ${
          pictures.toExponential(1)
        } | ${plain} | ${speculative} |`,
      );
    }
  }
}
