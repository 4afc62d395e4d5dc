// stock: no, the networks run in other processes
/** Processes killed at random moments leave whole files or none; `deno task soak:kill` kills more. */

import assert from "node:assert/strict";
import { killConversions, killDownloads } from "../../scripts/soak_kill.ts";
import { killExtraction, makePictures } from "../../scripts/soak_extract.ts";
import {
  killWriters,
  makeContest,
  raceWriters,
  resumeBeside,
} from "../../scripts/soak_writers.ts";
import { inFolder } from "../extract/support.ts";

Deno.test("extract: a killed run resumes and gives the same bytes", () =>
  inFolder(async (folder) => {
    await makePictures(folder, 64);
    await killExtraction(folder, ".npz", 2);
  }));

Deno.test("a download that is killed leaves whole parts or none", async () => {
  await killDownloads(3);
});

Deno.test("a conversion that is killed leaves the whole file or none", async () => {
  await killConversions(3);
});

Deno.test("extract: several writers and resumed runs never mix, also when they are killed", () =>
  inFolder(async (folder) => {
    const contest = await makeContest(folder, 700);
    assert(await raceWriters(contest, 3) > 0);
    await resumeBeside(contest);
    await killWriters(contest, 3);
  }));
