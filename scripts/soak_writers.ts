/**
 * Lets several processes write one file of features: one wins, the others say why they don't, and no
 * row is lost, doubled, or of other weights.
 *
 *     deno task soak:writers [kills]
 *
 * @module
 */

import assert from "node:assert/strict";
import { createModel } from "../src/model/create_model.ts";
import { makePictures } from "./soak_extract.ts";
import { startExtract, wait, waitForRows } from "./soak_process.ts";

/** What a refused writer says. */
const refusal =
  /process \d+ (on \S+ )?uses it|holds an unfinished run|cannot resume the run/;

/** A folder with pictures and two files of weights, and the features of each. */
export interface Contest {
  readonly folder: string;
  /** Two random networks. */
  readonly weights: readonly string[];
  /** By weights: the whole file. */
  readonly whole: readonly Uint8Array[];
  readonly out: string;
  /** Milliseconds of a run. */
  readonly duration: number;
}

/** Makes the pictures and weights, and extracts the features of each in one go. */
export async function makeContest(
  folder: string,
  pictures: number,
): Promise<Contest> {
  await makePictures(folder, pictures, { allSound: true });
  const weights: string[] = [];
  const whole: Uint8Array[] = [];
  let duration = Infinity;
  for (const seed of [1, 2]) {
    const options = { seed };
    using model = await createModel("resnet18", "layer1", false, options);
    weights.push(`${folder}/weights${seed}.npz`);
    await model.save(weights.at(-1)!);
    const out = `${folder}/whole${seed}.npz`;
    const begin = performance.now();
    const { success } = await start({ folder, weights, out }, seed - 1).status;
    assert.ok(success, "the first run failed");
    duration = Math.min(duration, performance.now() - begin);
    whole.push(await Deno.readFile(out));
  }
  assert.ok(!equal(whole[0], whole[1]));
  return { folder, weights, whole, out: `${folder}/f.npz`, duration };
}

function start(
  { folder, weights, out }: Pick<Contest, "folder" | "weights" | "out">,
  which: number,
  ...more: string[]
): Deno.ChildProcess {
  return startExtract(folder, [
    `--weights=${weights.at(which)}`,
    "--layer=layer1",
    "--pool=avg",
    `--out=${out}`,
    ...more,
  ], "piped");
}

/** The end of a writer: its file is right, or it says why there is none. */
async function endOf(
  { out, whole }: Contest,
  child: Deno.ChildProcess,
  which: number,
): Promise<"wrote" | "refused"> {
  const { code, stderr } = await child.output();
  if (code === 0) {
    assert.ok(equal(await Deno.readFile(out), whole[which]), "other rows");
    return "wrote";
  }
  assert.match(new TextDecoder().decode(stderr), refusal);
  return "refused";
}

/**
 * Starts so many writers at once, of both weights.
 *
 * @returns How many were refused. Those that start when another has ended may write too.
 */
export async function raceWriters(
  contest: Contest,
  count: number,
): Promise<number> {
  // The first has the folder for as long as the others start.
  const first = start(contest, 0);
  const others = Array.from({ length: count - 1 }, (_, i) => i % 2 ^ 1);
  const children = others.map((which) => start(contest, which));
  const ends = await Promise.all(
    [first, ...children].map(async (child) => {
      const { code, stderr } = await child.output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    }),
  );
  const winners = [0, ...others].filter((_, i) => ends[i].code === 0);
  assert.ok(winners.length > 0, ends.map(({ stderr }) => stderr).join("\n"));
  for (const { code, stderr } of ends) if (code) assert.match(stderr, refusal);
  const found = await Deno.readFile(contest.out);
  const isWhole = winners.some((which) => equal(found, contest.whole[which]));
  assert.ok(isWhole, "the file is none of the winners'");
  await Deno.remove(contest.out);
  return count - winners.length;
}

/** Resumes beside a run that lives: it is refused, and the run goes on. */
export async function resumeBeside(contest: Contest): Promise<void> {
  const first = start(contest, 0);
  await waitForRows(first, contest.out);
  const second = start(contest, 0, "--resume");
  assert.equal(await endOf(contest, second, 0), "refused");
  assert.equal(await endOf(contest, first, 0), "wrote");
  await Deno.remove(contest.out);
}

/**
 * Kills so many runs, which resume what they find, at times beside another of either weights.
 *
 * @returns How many runs wrote the file.
 */
export async function killWriters(
  contest: Contest,
  times: number,
): Promise<number> {
  let wrote = 0;
  let kills = 0;
  /** The weights of the stopped run, so that there is something to resume. */
  let main = 0;
  const { out, duration, whole } = contest;
  for (let round = 0; kills < times; round++) {
    const others = round % 3 === 2 ? [round % 2] : [];
    const writers = [main, ...others].map((which) => ({
      which,
      child: start(contest, which, "--resume"),
    }));
    const ended = new Set<Deno.ChildProcess>();
    for (const { child } of writers) child.status.then(() => ended.add(child));
    // A run that resumes may end before it commits again.
    const resumes = await Deno.stat(`${out}.part`).then(
      () => true,
      () => false,
    );
    if (round % 2 === 0 && !resumes) await waitForRows(writers[0].child, out);
    else await wait(Math.random() * duration);
    // Those that run are killed at once; what the others say must be true.
    const living = writers.filter(({ child }) => !ended.has(child));
    for (const { child } of living) child.kill("SIGKILL");
    const winners: number[] = [];
    for (const { child, which } of writers) {
      const { code, signal, stderr } = await child.output();
      const words = new TextDecoder().decode(stderr);
      if (signal) kills++;
      else if (code === 0) winners.push(which);
      else {
        assert.match(words, refusal);
        if (which === main && /cannot resume the run/.test(words)) main ^= 1;
      }
    }
    wrote += winners.length;
    const found = await Deno.readFile(out).catch(() => undefined);
    // A writer may be killed after it has moved the file, so there may be one without a winner.
    if (found || winners.length > 0) {
      const may = winners.length > 0 ? winners : [0, 1];
      assert.ok(found, "a writer succeeded without a file");
      assert.ok(may.some((which) => equal(found, whole[which])), "other rows");
      await Deno.remove(out);
    }
  }
  return wrote;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

if (import.meta.main) {
  const times = Number(Deno.args[0] ?? 50);
  const folder = await Deno.makeTempDir();
  try {
    const contest = await makeContest(folder, 700);
    for (const count of [2, 3, 5]) {
      const refused = await raceWriters(contest, count);
      console.log(`${count} writers, ${refused} refused: one whole file`);
    }
    await resumeBeside(contest);
    console.log("--resume beside a run: refused, and the run ends well");
    const wrote = await killWriters(contest, times);
    console.log(`${times} writers killed, ${wrote} wrote the file: ok`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
