/** The short form of `deno task soak`. */

import assert from "node:assert/strict";
import {
  killExtraction,
  makePictures,
  measureMemory,
} from "../../scripts/soak_extract.ts";
import { inFolder } from "./support.ts";

Deno.test("a killed run resumes and gives the same bytes", () =>
  inFolder(async (folder) => {
    await makePictures(folder, 64);
    await killExtraction(folder, ".npz", 2);
  }));

Deno.test("memory doesn't grow with the pictures", () =>
  inFolder(async (folder) => {
    await makePictures(folder, 160);
    const { first, peak, pictures } = await measureMemory(
      folder,
      `${folder}/f.parquet`,
      "layer2",
    );
    assert.equal(pictures, 160);
    assert(first > 10e6 && peak - first < 50e6, `${first} to ${peak} bytes`);
  }));
