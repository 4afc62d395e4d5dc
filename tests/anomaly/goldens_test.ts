/** PatchCore beside PyTorch, SciPy and scikit-learn: the same patches in the same order, the same scores. */

import assert from "node:assert/strict";
import { decodeImage } from "../../mod.ts";
import { fitPatchCore } from "../../src/anomaly/mod.ts";
import { closeTo } from "../support/close.ts";
import { tensorTest } from "../support/leaks.ts";
import {
  arraysOf,
  folder,
  goodFiles,
  scratchedFile,
  smallModel,
} from "./support.ts";

tensorTest(
  "coreset, scores and maps equal those of PyTorch and scikit-learn",
  async () => {
    const goldens = await arraysOf(`${folder}/goldens.npz`);
    using model = await smallModel();
    const options = { coreset: 0.1, seed: 7, holdOut: 0 };
    using bank = await fitPatchCore(model, goodFiles, options);
    assert.deepEqual(bank.shape, [38, 384]);

    const saved = await arraysOf(await new Response(bank.stream()).blob());
    const some = saved.patches.data.filter((_, i) => i % 16 === 0);
    // Rows in another order would be off by much more.
    closeTo(some, goldens.bank.data, 1e-5, "the bank");

    for (const [i, file] of [goodFiles[0], scratchedFile].entries()) {
      const { score, map } = await bank.score(await decodeImage(file));
      closeTo([score], [goldens.scores.data[i]], 1e-5, `score of ${file}`);
      const [, height, width] = goldens.maps.shape;
      const fourths = map.data.filter((_, p) =>
        p % 4 === 0 && Math.floor(p / 64) % 4 === 0
      );
      const size = height * width;
      const want = goldens.maps.data.slice(i * size, (i + 1) * size);
      closeTo(fourths, want, 1e-5, `map of ${file}`);
    }
  },
);
