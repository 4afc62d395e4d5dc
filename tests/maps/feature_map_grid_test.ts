/** `featureMapGrid`. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { featureMapGrid } from "../../src/maps/mod.ts";
import { tensorTest } from "../support/leaks.ts";

tensorTest("featureMapGrid: a pixel for each value", async () => {
  // Two maps of 2x3, interleaved; the second is the first upside down.
  const values = [0, 5, 1, 4, 2, 3, 3, 2, 4, 1, 5, 0];
  const maps = tf.tensor(values, [2, 3, 2]);
  const batch = tf.reshape(maps, [1, 2, 3, 2]);
  const grid = await featureMapGrid(maps, {
    columns: 2,
    gap: 0,
    cell: 3,
    colorMap: "gray",
  });
  assert.deepEqual([grid.width, grid.height], [6, 2]);
  const level = (value: number) => Math.min(255, Math.floor(value / 5 * 256));
  const rows = [0, 1, 2, 5, 4, 3, 3, 4, 5, 2, 1, 0];
  assert.deepEqual(
    [...grid.data],
    rows.flatMap((value) => Array(3).fill(level(value))),
  );

  const [least, greatest] = [[68, 1, 84], [253, 231, 37]]; // viridis's ends
  const colored = await featureMapGrid(batch, { maps: 1, cell: 3 });
  assert.deepEqual([colored.width, colored.height], [3, 2]);
  assert.deepEqual([...colored.data.subarray(0, 3)], least);
  assert.deepEqual([...colored.data.subarray(-3)], greatest);
  assert(!maps.isDisposed);
  tf.dispose([maps, batch]);
});

tensorTest("bad input to featureMapGrid", async () => {
  for (
    const [tensor, what] of [
      [tf.zeros([2, 3, 4, 5]), "float32 [2, 3, 4, 5]"],
      [tf.zeros([1, 512]), "float32 [1, 512]"],
      [tf.zeros([3, 4, 5], "int32"), "int32 [3, 4, 5]"],
    ] as const
  ) {
    await assert.rejects(featureMapGrid(tensor), {
      name: "TypeError",
      message: `maps: expected float32 [H, W, C] or [1, H, W, C], got ${what}`,
    });
    tensor.dispose();
  }
  const maps = tf.zeros([2, 2, 3]);
  await assert.rejects(featureMapGrid(maps, { maps: 4 }), {
    name: "RangeError",
    message: "maps: expected an integer from 1 to 3, got 4",
  });
  maps.dispose();
});
