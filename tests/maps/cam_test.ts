/** Activation maps, gradients, occlusion and similarity, against scripts/make_cam_goldens.py. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type ArchRow, createModel, fromNCHW } from "../../mod.ts";
import { classActivationMap } from "../../src/maps/class_activation_map.ts";
import { gradCam } from "../../src/maps/grad_cam.ts";
import { outputGradient } from "../../src/maps/gradient.ts";
import type { ResNet } from "../../src/model/model.ts";
import { occlusionMap } from "../../src/maps/occlusion.ts";
import { similarityMap } from "../../src/maps/similarity_map.ts";
import { nhwcToNchw } from "../../src/formats/shaped_array.ts";
import { closeTo } from "../support/close.ts";
import { fastTolerance } from "../support/direct_weights.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";
import { tensorTest } from "../support/leaks.ts";

/** A network and its input, `[N, height, width]`. */
interface Case extends Omit<ArchRow, "name"> {
  readonly input: readonly [number, number, number];
  readonly output?: string;
}

/** PyTorch's gradients for a case, one for each node and channel. */
interface Gradients extends Case {
  readonly results: readonly {
    readonly node: string;
    readonly channel: number;
    readonly shape: readonly number[];
    readonly largest: number;
    readonly samples: readonly number[];
    readonly cam: readonly number[];
  }[];
}

interface GoldenMap {
  readonly shape: readonly number[];
  readonly map: readonly number[];
}

interface Goldens {
  readonly gradients: Record<string, Gradients>;
  readonly classActivation: Record<
    string,
    GoldenMap & { readonly class: number; readonly logits: readonly number[] }
  >;
  readonly similarity: Record<
    string,
    readonly (GoldenMap & {
      readonly node: string;
      readonly at: readonly [number, number];
    })[]
  >;
  readonly occlusion: Record<
    string,
    readonly (GoldenMap & {
      readonly size: number;
      readonly stride: number;
      readonly fill: number;
      readonly class: number | null;
    })[]
  >;
}

const goldens: Goldens = JSON.parse(
  await Deno.readTextFile(new URL("../data/cam/goldens.json", import.meta.url)),
);
const sampleEvery = 97;

/** A test on a case's network and input. */
function caseTest(
  name: string,
  caseName: string,
  run: (model: ResNet, x: tf.Tensor4D) => void | Promise<void>,
) {
  tensorTest(`${name}: ${caseName}`, async () => {
    const { input: [n, h, w], output = null, ...row } =
      goldens.gradients[caseName];
    const arch = { name: caseName, ...row };
    using model = await createModel(arch, output, formulaCheckpoint(arch));
    const x = tf.tidy(() =>
      fromNCHW(tf.tensor(uniform("input", n * 3 * h * w), [n, 3, h, w]))
    );
    await run(model, x);
    x.dispose();
  });
}

for (const [name, { results }] of Object.entries(goldens.gradients)) {
  caseTest("gradients and Grad-CAM equal PyTorch's", name, async (model, x) => {
    for (const want of results) {
      const { node, channel, largest, samples } = want;
      const gradient = outputGradient(model, x, node, channel);
      const nchw = nhwcToNchw({
        data: await gradient.data<"float32">(),
        shape: gradient.shape,
      });
      gradient.dispose();
      assert.deepEqual(nchw.shape, want.shape, node);
      const kept = nchw.data.filter((_, i) => i % sampleEvery === 0);
      // Of the whole gradient's largest value.
      closeTo([...kept, largest], [...samples, largest], fastTolerance);

      const cam = gradCam(model, x, node, channel);
      const [n, , ...sides] = want.shape;
      assert.deepEqual(cam.shape, [n, ...sides]);
      if (want.cam.some((value) => value > 0)) {
        closeTo(await cam.data(), want.cam, fastTolerance);
      } else {
        assert((await cam.data()).every((value) => value === 0));
      }
      cam.dispose();
    }
  });
}

for (const [name, want] of Object.entries(goldens.classActivation)) {
  caseTest("class activation maps equal PyTorch's", name, async (model, x) => {
    model.registerForwardHook("fc", () => assert.fail("a hook was called"));
    const map = classActivationMap(model, x, want.class);
    assert.deepEqual(map.shape, want.shape);
    closeTo(await map.data(), want.map, fastTolerance);
    // The mean over all positions, plus the class's bias, is the logit.
    const bias = 0.1 * uniform("fc.bias", want.class + 1)[want.class];
    const means = tf.tidy(() => tf.mean(map, [1, 2]).dataSync());
    closeTo(means.map((mean) => mean + bias), want.logits, fastTolerance);
    map.dispose();
  });
}

for (const [name, maps] of Object.entries(goldens.similarity)) {
  caseTest("similarity maps equal PyTorch's", name, async (model, x) => {
    for (const { node, at, shape, map: want } of maps) {
      const map = similarityMap(model, x, node, at);
      assert.deepEqual(map.shape, shape);
      closeTo(await map.data(), want, fastTolerance);
      map.dispose();
    }
  });
}

for (const [name, maps] of Object.entries(goldens.occlusion)) {
  caseTest("occlusion maps equal PyTorch's", name, async (model, x) => {
    for (const { shape, map: want, ...options } of maps) {
      const progress: number[] = [];
      const map = await occlusionMap(model, x, {
        ...options,
        classIndex: options.class ?? undefined,
        onProgress: (done) => progress.push(done),
      });
      assert.deepEqual(map.shape, shape);
      // Differences between much larger numbers.
      closeTo(await map.data(), want, 1e-3);
      map.dispose();
      assert.equal(progress.length, Math.ceil(want.length / 8));
      assert.equal(progress.at(-1), 1);
      assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
    }
  });
}

caseTest(
  "similarityMap: the centre, and a position of zeros",
  "basic",
  async (model, x) => {
    const [middle, named] = [
      similarityMap(model, x, "layer2"), // 9 rows of 7
      similarityMap(model, x, "layer2", [4, 3]),
    ];
    assert.deepEqual(await middle.data(), await named.data());
    tf.dispose([middle, named]);

    using shipped = await createModel("mlnet_resnet18", "layer1.0.relu");
    const silence = tf.zeros<tf.Rank.R4>([1, 8, 8, 3]);
    const map = similarityMap(shipped, silence, "maxpool");
    assert.deepEqual([...await map.data()], [0, 0, 0, 0]);
    tf.dispose([silence, map]);
  },
);

caseTest(
  "the gradient of a node that the output doesn't depend on",
  "basic",
  async (model, x) => {
    using branch = model.truncate("layer3.0.downsample.1");
    const gradient = outputGradient(branch, x, "layer3.0.bn2", 1);
    assert.deepEqual(gradient.shape, [2, 5, 4, 256]);
    assert((await gradient.data()).every((value) => value === 0));
    gradient.dispose();
  },
);

caseTest("maps that can't be drawn", "basic", async (model, x) => {
  const range = (message: string | RegExp) => ({ name: "RangeError", message });
  using cut = model.truncate("layer2");
  for (const [index, what] of [[7, "7"], [-1, "-1"], [1.5, "1.5"]] as const) {
    assert.throws(
      () => classActivationMap(model, x, index),
      range(
        `classIndex: expected an integer from 0 to 6, got ${what}`,
      ),
    );
    await assert.rejects(
      occlusionMap(model, x, { classIndex: index }),
      range(
        `classIndex: expected an integer from 0 to 6, got ${what}`,
      ),
    );
    assert.throws(
      () => gradCam(model, x, "layer2", index),
      range(`channel: expected an integer from 0 to 6, got ${what}`),
    );
  }
  const headless =
    'expected a network with its classification head (fc), got basic up to "layer2.0.relu_1"';
  assert.throws(
    () => classActivationMap(cut, x, 0),
    range(`classActivationMap: ${headless}`),
  );
  await assert.rejects(
    occlusionMap(cut, x, { classIndex: 0 }),
    range(`occlusionMap: ${headless}`),
  );
  assert.throws(
    () => gradCam(model, x, "bn1", 0),
    range(
      'there is no gradient before "maxpool"; take a node from "maxpool" on',
    ),
  );
  assert.throws(
    () => gradCam(model, x, "flatten", 0),
    range(
      'node "flatten": expected a value [N, H, W, C], got [2, 512]; choose a node with height and width',
    ),
  );
  assert.throws(
    () => gradCam(cut, x, "layer3", 0),
    range(/^"layer3" comes after this model's last layer/),
  );
  assert.throws(
    () => gradCam(model, x, "layer9", 0),
    range(/^there is no node "layer9"; did you mean /),
  );
  assert.throws(
    () => similarityMap(cut, x, "layer3"),
    range(/^"layer3" comes after this model's last layer/),
  );
  assert.throws(
    () => similarityMap(model, x, "fc"),
    range(
      'node "fc": expected a value [N, H, W, C], got [2, 7]; choose a node with height and width',
    ),
  );
  for (const at of [[9, 0], [0, 7], [-1, 0], [0.5, 0]] as const) {
    assert.throws(
      () => similarityMap(model, x, "layer2", at),
      range(
        /^(row: expected an integer from 0 to 8|column: expected an integer from 0 to 6), got/,
      ),
    );
  }
  for (
    const [options, what] of [
      [{ size: 0 }, "size: expected an integer from 1 to 65, got 0"],
      [{ size: 66 }, "size: expected an integer from 1 to 65, got 66"],
      [{ stride: 2.5 }, "stride: expected an integer from 1 to 65, got 2.5"],
      [{ fill: NaN }, "fill: expected a finite number, got NaN"],
    ] as const
  ) {
    await assert.rejects(
      occlusionMap(model, x, options),
      range(what),
    );
  }
  const wrong = tf.zeros<tf.Rank.R4>([1, 3, 32, 32]);
  const shape = {
    name: "TypeError",
    message: /^expected \[N, H, W, 3\], got \[1, 3, 32, 32\]/,
  };
  assert.throws(() => classActivationMap(model, wrong, 0), shape);
  assert.throws(() => gradCam(model, wrong, "layer2", 0), shape);
  assert.throws(() => similarityMap(model, wrong, "layer2"), shape);
  await assert.rejects(occlusionMap(model, wrong), shape);
  wrong.dispose();
});
