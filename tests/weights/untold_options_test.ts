/** What tensors don't show travels with packed weights. */

import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { createModel, fromNCHW, startBackend, toNCHW } from "../../mod.ts";
import type { ArchRow } from "../../src/arch/table.ts";
import { convertWeights } from "../../src/weights/convert.ts";
import {
  isUntoldOptions,
  untoldOptions,
} from "../../src/weights/untold_options.ts";
import { compareDigest } from "../support/digest.ts";
import { direct } from "../support/direct_weights.ts";
import { uniform } from "../support/uniform.ts";

const folder = new URL("../data/cases/", import.meta.url);
const { rows, goldens } = JSON.parse(
  await Deno.readTextFile(new URL("cases.json", folder)),
) as {
  rows: Record<string, ArchRow>;
  goldens: Record<string, { shape: number[]; digest: number[] }>;
};
await startBackend();

/** Compares a model's output with PyTorch's. */
async function checkOutput(
  row: ArchRow,
  layer: string,
  weights: string | Uint8Array,
  golden: string,
): Promise<void> {
  using model = await createModel(row, layer, weights, { ...direct });
  const nchw = tf.tidy(() =>
    toNCHW(
      model.forward(
        fromNCHW(tf.tensor(uniform("input", 3 * 32 * 32), [1, 3, 32, 32])),
      ),
    )
  );
  const { shape, digest } = goldens[golden];
  compareDigest(golden, await nchw.data<"float32">(), shape, digest, 1e-4);
  nchw.dispose();
}

for (
  const [file, row, saved, layer, golden] of [
    [
      "eps_zero/faster_rcnn.pth",
      "bottleneck",
      "bottleneck",
      "layer1",
      "detector_eps_0",
    ],
    [
      "segmentation/fcn.pth",
      "segmentation",
      "segmentation",
      "layer3",
      "segmentation_dilated",
    ],
    [
      "stride_in_conv1/caffe_style.pth",
      "bottleneck_stride_in_conv1",
      "bottleneck",
      "layer2",
      "caffe",
    ],
  ]
) {
  Deno.test(`${file}: convertWeights and save keep what names told`, async () => {
    const bytes = new Uint8Array(
      gunzipSync(await Deno.readFile(new URL(`${file}.gz`, folder))),
    );
    const options = { warn: () => {} };
    const packed = await convertWeights(bytes, {
      ...options,
      arch: rows[row],
      outputLayer: layer,
      dtype: "float32",
    });
    await checkOutput(rows[saved], layer, packed, golden);

    const path = await Deno.makeTempFile({ suffix: ".npz" });
    try {
      using model = await createModel(rows[row], layer, bytes, {
        ...direct,
        ...options,
      });
      await model.save(path);
      await checkOutput(rows[saved], layer, path, golden);
    } finally {
      await Deno.remove(path);
    }
  });
}

Deno.test("untoldOptions: only what isn't the default; others are refused", () => {
  const row = rows.bottleneck;
  assert.equal(untoldOptions(row), undefined);
  assert.equal(untoldOptions({ ...row, normEps: 1e-5 }), undefined);
  const all = {
    replaceStrideWithDilation: [false, true, true],
    strideInConv1: true,
    normEps: 0,
  } as const;
  assert.deepEqual(untoldOptions({ ...row, ...all }), all);
  assert(isUntoldOptions(all) && isUntoldOptions({}));
  for (
    const bad of [
      null,
      [],
      { normEps: -1 },
      { normEps: "0" },
      { strideInConv1: 1 },
      { replaceStrideWithDilation: [true] },
    ]
  ) assert(!isUntoldOptions(bad), JSON.stringify(bad));
});
