// stock: no, another process computes the same bytes with our own
/** Fits and scores of many files: stopped, killed, resumed. */

import assert from "node:assert/strict";
import {
  fitPatchCore,
  fitPatchCoreToFile,
  type FitProgress,
  loadPatchCore,
  scoreFiles,
  scoreToFile,
} from "../../src/anomaly/mod.ts";
import { tensorTest } from "../support/leaks.ts";
import { goodFiles, hashOf, scratchedFile, smallModel } from "./support.ts";

/** Runs with a folder that is deleted afterwards. */
async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const twice = [...goodFiles, ...goodFiles];

tensorTest(
  "a bank fitted on disk is the one fitted in memory",
  () =>
    inFolder(async (folder) => {
      using model = await smallModel();
      const files = [...goodFiles, "no.png"];
      const out = `${folder}/bank.npz`;
      const report = await fitPatchCoreToFile(model, files, out, {
        coreset: 0.2,
      });
      assert.deepEqual([report.count, report.failed, report.heldOut], [
        7,
        1,
        1,
      ]);
      assert.match(report.reasons[0], /no such file/);
      using bank = await fitPatchCore(model, files, { coreset: 0.2 });
      assert.deepEqual(report.shape, bank.shape);
      const bytes = await new Response(bank.stream()).bytes();
      assert.equal(await hashOf(await Deno.readFile(out)), await hashOf(bytes));
      assert.deepEqual(
        [...Deno.readDirSync(folder)].map(({ name }) => name),
        ["bank.npz"],
      );
    }),
);

for (const stage of ["pictures", "coreset"] as const) {
  tensorTest(
    `a fit killed with its ${stage} resumes to the same bytes`,
    () =>
      inFolder(async (folder) => {
        const out = `${folder}/bank.npz`;
        const { code, signal } = await new Deno.Command("deno", {
          args: [
            ...["run", "--no-check", "--allow-read", "--allow-write"],
            ...["--allow-run", "tests/anomaly/kill_case.ts", out, stage],
          ],
        }).output();
        assert.deepEqual([code, signal], [137, "SIGKILL"]);
        using model = await smallModel();
        const options = { coreset: 0.2 };
        const stages: FitProgress[] = [];
        await fitPatchCoreToFile(model, twice, out, {
          ...options,
          resume: true,
          onProgress: (progress) => stages.push(progress),
        });
        const computed = stages.some(({ stage }) => stage === "pictures");
        // All pictures were recorded before the first patch was chosen.
        if (stage === "coreset") assert(!computed, "pictures were read again");
        const whole = `${folder}/whole.npz`;
        await fitPatchCoreToFile(model, twice, whole, options);
        const [a, b] = await Promise.all([out, whole].map(async (path) =>
          await hashOf(await Deno.readFile(path))
        ));
        assert.equal(a, b);
      }),
  );
}

tensorTest(
  "a fit that was stopped resumes with another coreset, but not without resume",
  () =>
    inFolder(async (folder) => {
      using model = await smallModel();
      const out = `${folder}/bank.npz`;
      const stop = new AbortController();
      const fit = fitPatchCoreToFile(model, goodFiles, out, {
        signal: stop.signal,
        onProgress: () => stop.abort(new Error("stopped")),
      });
      await assert.rejects(fit, /^Error: stopped$/);
      await assert.rejects(
        fitPatchCoreToFile(model, goodFiles, out),
        /holds an unfinished run; resume it/,
      );
      await assert.rejects(
        fitPatchCoreToFile(model, goodFiles, out, {
          resume: true,
          layers: ["layer2"],
        }),
        /cannot resume the run .* nodes was \["layer2","layer3"\]/,
      );
      const report = await fitPatchCoreToFile(model, goodFiles, out, {
        resume: true,
        coreset: 0.5,
      });
      assert.deepEqual(report.shape, [160, 384]);
    }),
);

tensorTest(
  "scores of files are those of the pictures, in a table that can be resumed",
  () =>
    inFolder(async (folder) => {
      using model = await smallModel();
      const path = `${folder}/bank.npz`;
      await fitPatchCoreToFile(model, goodFiles, path, { coreset: 0.2 });
      using bank = await loadPatchCore(model, path);
      const files = [...twice, "a, b.png", scratchedFile];
      const scores = await Array.fromAsync(scoreFiles(bank, files));
      assert.deepEqual(scores.map(({ path }) => path), files);

      const out = `${folder}/scores.csv`;
      const threshold = bank.threshold().score;
      const stop = new AbortController();
      const maps: string[] = [];
      const run = (options: object) =>
        scoreToFile(bank, files, out, {
          threshold,
          onMap(path, map) {
            maps.push(map ? path : `no ${path}`);
            return Promise.resolve();
          },
          ...options,
        });
      const stopped = run({
        signal: stop.signal,
        onProgress: () => stop.abort(new Error("stopped")),
      });
      await assert.rejects(stopped, /^Error: stopped$/);
      const done = maps.length;
      assert(done >= 8 && done < files.length, `${done}`);
      const report = await run({ resume: true });
      assert.deepEqual([report.count, report.failed], [14, 1]);
      // The second run draws no map twice, but hears of every picture.
      assert.deepEqual(maps.slice(done), [
        ...files.slice(0, done).map((path) => `no ${path}`),
        ...files.slice(done).map((path) =>
          path === "a, b.png" ? `no ${path}` : path
        ),
      ]);

      const lines = (await Deno.readTextFile(out)).trimEnd().split("\n");
      assert.equal(lines[0], "path,score,map_max,anomalous,error");
      const found = scores.map((row, i) => {
        if (row.error) {
          assert.match(
            lines[i + 1],
            /^"a, b.png",,,,"cannot open ""a, b.png"": there is no such file"$/,
          );
          return false;
        }
        const [path, score, , anomalous] = lines[i + 1].split(",");
        assert.equal(path, row.path);
        assert(Math.abs(Number(score) - row.score) < 1e-5 * row.score);
        assert.equal(anomalous, `${row.score > threshold}`);
        return anomalous === "true";
      });
      assert(found.at(-1), "the scratch was not found");
      await assert.rejects(
        scoreToFile(bank, files, "scores.txt"),
        /expected a name that ends in .csv/,
      );
    }),
);
