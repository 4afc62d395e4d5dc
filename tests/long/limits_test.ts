// stock: no, tests/kernels/limits_test.ts covers them in less time
/** 200 random shapes around the limit of WebAssembly's memory; `deno task soak:limits` tries more. */

import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { createModel } from "../../mod.ts";
import { soakLimits } from "../../scripts/soak_limits.ts";

Deno.test("inputs that take more than all of the memory are refused, and no bit changes", async () => {
  using model = await createModel("mlnet_resnet18", null, true);
  const probe: tf.Tensor4D = tf.ones([1, 64, 64, 3]);
  const want = model.forward(probe).dataSync().slice();
  const sizes = [[1, 5800], [1, 8000], [950, 224], [1100, 224]];
  for (const [batch, side] of sizes) {
    const x: tf.Tensor4D = tf.zeros([batch, side, side, 3]);
    assert.throws(() => model.forward(x), RangeError);
    x.dispose();
    assert.deepEqual(model.forward(probe).dataSync(), want);
    using fresh = await createModel("mlnet_resnet18", null, true);
    assert.deepEqual(fresh.forward(probe).dataSync(), want);
  }
});

Deno.test("each shape answers or is refused, and no bit of any model changes", async () => {
  const { answered, refused } = await soakLimits(200, 1, 300e6);
  assert(answered > 20 && refused > 50, `${answered} and ${refused}`);
});
