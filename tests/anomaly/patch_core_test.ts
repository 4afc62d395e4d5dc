/** Banks of patches: what they find, keep, refuse and survive. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, decodeImage, type RgbImage } from "../../mod.ts";
import {
  fitPatchCore,
  type FitProgress,
  loadPatchCore,
} from "../../src/anomaly/mod.ts";
import { held, wasmHeap } from "../model/memory.ts";
import { tensorTest } from "../support/leaks.ts";
import {
  folder,
  goodFiles,
  hashOf,
  scratchedFile,
  scratchMask,
  side,
  smallModel,
  summaryOf,
} from "./support.ts";

tensorTest(
  "a scratched picture is above the threshold, and lights up at the scratch",
  async () => {
    using model = await smallModel();
    using bank = await fitPatchCore(model, goodFiles, { coreset: 0.25 });
    const threshold = bank.threshold();
    const { score, map } = await bank.score(await decodeImage(scratchedFile));
    assert(score > threshold.score, `${score} of ${threshold.score}`);

    const mask = await scratchMask();
    const meanWhere = (isScratch: boolean) => {
      const values = map.data.filter((_, i) => mask[i] === isScratch);
      return values.reduce((a, b) => a + b) / values.length;
    };
    const ratio = meanWhere(true) / meanWhere(false);
    assert(ratio > 1.1, `${ratio}`);
    const brightest = map.data.indexOf(Math.max(...map.data));
    const distances = mask.flatMap((isScratch, i) =>
      isScratch
        ? [Math.hypot(
          i % side - brightest % side,
          Math.floor(i / side) - Math.floor(brightest / side),
        )]
        : []
    );
    assert(Math.min(...distances) <= 8, "the maximum is far from the scratch");
  },
);

tensorTest("a bank that is loaded again gives the same scores", async () => {
  using model = await smallModel();
  using bank = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
  const picture = await decodeImage(scratchedFile);
  const path = await Deno.makeTempFile({ suffix: ".npz" });
  try {
    await bank.save(path);
    using loaded = await loadPatchCore(model, path);
    assert.deepEqual(
      await summaryOf(await loaded.score(picture)),
      await summaryOf(await bank.score(picture)),
    );
    assert.deepEqual(loaded.threshold(0.5), bank.threshold(0.5));
    assert.deepEqual(loaded.origin, bank.origin);
  } finally {
    await Deno.remove(path);
  }
});

tensorTest(
  "the threshold is a quantile of what the held-out pictures score",
  async () => {
    using model = await smallModel();
    using bank = await fitPatchCore(model, goodFiles, {
      coreset: 0.1,
      holdOut: 0.5,
    });
    const scores: number[] = [], maxima: number[] = [];
    for (const file of [1, 3, 5].map((i) => goodFiles[i])) {
      const { score, map } = await bank.score(await decodeImage(file));
      scores.push(score);
      maxima.push(Math.max(...map.data));
    }
    assert.deepEqual(bank.threshold(), {
      score: Math.max(...scores),
      map: Math.max(...maxima),
    });
    const [low, middle, high] = scores.toSorted((a, b) => a - b);
    assert.equal(bank.threshold(0).score, low);
    assert.equal(bank.threshold(0.5).score, middle);
    assert.equal(bank.threshold(0.75).score, middle + 0.5 * (high - middle));
    assert.throws(() => bank.threshold(1.1), /quantile: expected a number/);
  },
);

tensorTest(
  "a normalized tensor scores as its picture does, and stays",
  async () => {
    using model = await smallModel();
    using bank = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
    const picture = await decodeImage(scratchedFile);
    const input = model.preprocess(picture);
    assert.deepEqual(
      await summaryOf(await bank.score(input)),
      await summaryOf(await bank.score(picture)),
    );
    assert(!input.isDisposed);
    input.dispose();
    const two = tf.zeros<tf.Rank.R4>([2, side, side, 3]);
    await assert.rejects(bank.score(two), /expected \[1, H, W, 3\]/);
    two.dispose();
  },
);

tensorTest("scoring leaves the heap and the tensors as they were", async () => {
  using model = await smallModel();
  using bank = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
  const picture = await decodeImage(scratchedFile);
  const { score: want } = await bank.score(picture);
  const before = [wasmHeap(), held()];
  for (let i = 0; i < 40; i++) {
    assert.equal((await bank.score(picture)).score, want);
  }
  assert.deepEqual([wasmHeap(), held()], before);
});

tensorTest(
  "a region is what the bank is of, also for pictures that it scores",
  async () => {
    using model = await smallModel();
    const region = [8, 0, 48, 56] as const;
    const cut = async (file: string): Promise<RgbImage> => {
      const { data } = await decodeImage(file);
      const [left, top, width, height] = region;
      const rows = Array.from({ length: height }, (_, y) => {
        const start = 3 * ((top + y) * side + left);
        return [...data.subarray(start, start + 3 * width)];
      });
      return { width, height, data: Uint8Array.from(rows.flat()) };
    };
    const options = { coreset: 0.2 };
    using whole = await fitPatchCore(model, goodFiles, { ...options, region });
    const parts = await Promise.all(goodFiles.map(cut));
    using ofParts = await fitPatchCore(model, parts, options);
    assert.deepEqual(whole.origin.region, region);
    assert.deepEqual(
      await summaryOf(await whole.score(await decodeImage(scratchedFile))),
      await summaryOf(await ofParts.score(await cut(scratchedFile))),
    );
  },
);

tensorTest(
  "a whole bank without a coreset has distance 0 to its own pictures",
  async () => {
    using model = await smallModel();
    const options = { coreset: 1, holdOut: 0 };
    using bank = await fitPatchCore(model, goodFiles.slice(0, 2), options);
    assert.deepEqual(bank.shape, [128, 384]);
    const { score, map } = await bank.score(await decodeImage(goodFiles[0]));
    assert(score < 1e-3, `${score}`);
    assert(map.data.every((value) => value < 1e-3));
    assert.throws(() => bank.threshold(), /no good picture was held out/);
  },
);

tensorTest("equal pictures give a bank without copies", async () => {
  using model = await smallModel();
  const picture = await decodeImage(goodFiles[0]);
  const options = { coreset: 0.9, holdOut: 0 };
  using bank = await fitPatchCore(model, [picture, picture], options);
  assert(bank.shape[0] <= 64, `${bank.shape[0]} patches of 64`);
});

tensorTest(
  "pictures in memory and their files give the same bank",
  async () => {
    using model = await smallModel();
    using ofFiles = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
    const pictures = await Promise.all(
      goodFiles.map((file) => decodeImage(file)),
    );
    using ofPictures = await fitPatchCore(model, pictures, { coreset: 0.1 });
    const [a, b] = await Promise.all(
      [ofFiles, ofPictures].map(async (bank) =>
        await hashOf(await new Response(bank.stream()).bytes())
      ),
    );
    assert.equal(a, b);
  },
);

tensorTest("a picture that can't be read doesn't stop the fit", async () => {
  using model = await smallModel();
  const files = [goodFiles[0], "no.png", goodFiles[1]];
  using bank = await fitPatchCore(model, files, { coreset: 0.1 });
  assert.deepEqual(bank.origin.pictures, 2);
  const [{ path, error }] = bank.failures;
  assert.equal(path, "no.png");
  assert.match(error.message, /there is no such file/);
  await assert.rejects(fitPatchCore(model, ["no.png"]), /no such file/);
  await assert.rejects(
    fitPatchCore(model, ["no.png", "no.jpg"]),
    /cannot read any of the 2 pictures; the first: cannot open "no.png"/,
  );
  await assert.rejects(fitPatchCore(model, []), /expected at least one/);
});

tensorTest("another network is refused", async () => {
  using model = await smallModel();
  using bank = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
  const file = await new Response(bank.stream()).blob();
  using other = await createModel("resnet18", "layer3", false);
  await assert.rejects(
    loadPatchCore(other, file),
    /made with mlnet_resnet18, this network is resnet18/,
  );
  using random = await createModel("mlnet_resnet18", "layer3", false, {
    preset: model.preset,
  });
  await assert.rejects(loadPatchCore(random, file), /other weights/);
  using usual = await createModel("mlnet_resnet18", "layer3", true);
  await assert.rejects(
    loadPatchCore(usual, file),
    /another transform \(resizeSize, cropSize\)/,
  );
});

tensorTest("a file that isn't a bank, or is damaged, is refused", async () => {
  using model = await smallModel();
  await assert.rejects(
    loadPatchCore(model, `${folder}/goldens.npz`),
    /it isn't a bank/,
  );
  await assert.rejects(loadPatchCore(model, goodFiles[0]), SyntaxError);
  using bank = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
  const bytes = await new Response(bank.stream()).bytes();
  bytes[5000] ^= 1;
  await assert.rejects(loadPatchCore(model, bytes), SyntaxError);
  await assert.rejects(
    loadPatchCore(model, bytes.subarray(0, 20_000)),
    SyntaxError,
  );
});

tensorTest(
  "a bank that is too large is refused before any picture is read",
  async () => {
    using model = await createModel("mlnet_resnet18", "layer3", true);
    const files = Array.from({ length: 200 }, (_, i) => `no_${i}.png`);
    const fit = fitPatchCore(model, files, { coreset: 1, holdOut: 0 });
    await assert.rejects(
      fit,
      /^RangeError: a bank of 200 pictures is 156800 x 384 values, 241 MB; expected at most 134 MB \(maxBytes\): use a coreset of 0.55 or less$/,
    );
    async function* one() {
      for (let i = 0; i < 9; i++) yield await decodeImage(goodFiles[0]);
    }
    await assert.rejects(
      fitPatchCore(model, one(), { coreset: 1, holdOut: 0, maxBytes: 5e6 }),
      /a bank of 8 pictures is 6272 x 384/,
    );
  },
);

tensorTest(
  "a signal stops the fit, also while patches are chosen",
  async () => {
    using model = await smallModel();
    const stages: FitProgress[] = [];
    for (const stage of ["pictures", "coreset"]) {
      const controller = new AbortController();
      const fit = fitPatchCore(model, goodFiles, {
        coreset: 0.5,
        signal: controller.signal,
        onProgress(progress) {
          stages.push(progress);
          if (progress.stage === stage) controller.abort(new Error("stopped"));
        },
      });
      await assert.rejects(fit, /^Error: stopped$/);
    }
    assert.deepEqual(stages[0], { stage: "pictures", done: 6, total: 6 });
    assert.equal(stages.at(-1)!.stage, "coreset");
  },
);

tensorTest(
  "options out of bounds are refused, and a bank after dispose",
  async () => {
    using model = await smallModel();
    const fails = (options: object, message: RegExp) =>
      assert.rejects(fitPatchCore(model, goodFiles, options), message);
    await fails({ coreset: 0 }, /coreset: expected a number above 0/);
    await fails({ holdOut: 1 }, /holdOut: expected a number from 0/);
    await fails({ neighbors: 0 }, /neighbors: expected an integer/);
    await fails({ seed: -1 }, /seed: expected an integer/);
    await fails({ layers: [] }, /layers: expected one or more/);
    await fails({ layers: ["layer4"] }, /layer4/);
    await assert.rejects(
      fitPatchCore(model, "good.png" as never),
      /put it in brackets/,
    );
    const bank = await fitPatchCore(model, goodFiles, { coreset: 0.1 });
    bank.dispose();
    bank.dispose();
    await assert.rejects(
      bank.score(await decodeImage(goodFiles[0])),
      /this bank was disposed/,
    );
  },
);
