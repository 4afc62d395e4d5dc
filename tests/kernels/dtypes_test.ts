/** Weights as float16 and int8: every node of a trained network, on real pictures. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  createModel,
  decodeImage,
  type ModelOptions,
  preprocess,
  startBackend,
} from "../../mod.ts";
import { openCheckpoint } from "../../src/weights/mod.ts";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { relativeError } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { cosine } from "../weights/fixtures.ts";

const { kernels } = await startBackend();
const ignore = kernels === "stock"; // They keep float32 only.

const pictures = await Promise.all(
  ["chelsea.png", "coffee.png", "rocket.jpg", "astronaut.png"].map((name) =>
    decodeImage(`examples/images/${name}`)
  ),
);

/** The values of all nodes, picture by picture. */
async function everyNode(
  x: Tensor4D,
  options: ModelOptions,
): Promise<Map<string, Float32Array[]>> {
  const file = await openCheckpoint("weights/mlnet_resnet18.npz");
  // The file's int8 would stay as it is.
  const tensors = new Map(
    file.tensors.entries().map(([name, tensor]) => [
      name,
      { ...tensor, dtype: "float32" },
    ]),
  );
  const asFloats = { ...file, tensors, readRows: undefined };
  using model = await createModel("mlnet_resnet18", null, asFloats, options);
  file.close();
  const values = model.extract(x, [...model.nodes().keys()]);
  return new Map(
    Object.entries(values).map(([name, value]) => {
      const all = value.dataSync<"float32">();
      value.dispose();
      const size = all.length / pictures.length;
      return [
        name,
        pictures.map((_, i) => all.slice(i * size, (i + 1) * size)),
      ];
    }),
  );
}

Deno.test({
  name: "float16 and int8 are near float32 at every node, on real pictures",
  ignore,
  async fn() {
    const x = preprocess(pictures, imagenetPreset);
    const exact = await everyNode(x, {
      memory: "small",
      dtype: "float32",
    });
    for (const memory of ["fast", "small"] as const) {
      for (const dtype of ["float32", "float16", "int8"] as const) {
        const values = await everyNode(x, { memory, dtype });
        let off = 0, alike = 1;
        for (const [node, wanted] of exact) {
          wanted.forEach((want, i) => {
            const got = values.get(node)![i];
            const name = `${memory} ${dtype} ${node} ${i}`;
            if (dtype === "int8") {
              const near = cosine(got, want);
              assert.ok(near >= 0.999, `${name}: ${near}`);
              alike = Math.min(alike, near);
              return;
            }
            const limit = dtype === "float32" ? 2e-5 : 2e-3;
            const distant = relativeError(got, want);
            assert.ok(distant <= limit, `${name}: ${distant}`);
            off = Math.max(off, distant);
          });
        }
        // Weights of a larger type would be nearer.
        if (dtype === "float16") assert.ok(off > 2e-5);
        if (dtype === "int8") assert.ok(alike < 0.99999);
      }
    }
    x.dispose();
  },
});

const arch: ArchRow = {
  name: "small",
  block: "Bottleneck",
  layers: [1, 1, 1, 1],
};

Deno.test({
  name: "each type takes its own number of bytes",
  ignore,
  async fn() {
    const bytesOf = async (options: ModelOptions) => {
      const before = tf.memory().numBytes;
      using model = await createModel(
        arch,
        null,
        formulaCheckpoint(arch),
        options,
      );
      assert.equal(tf.memory().numBytes - before, model.weightBytes);
      return model.weightBytes;
    };
    const float32 = await bytesOf({ memory: "small", dtype: "float32" });
    const float16 = await bytesOf({ memory: "small" });
    const int8 = await bytesOf({ memory: "small", dtype: "int8" });
    const fast = await bytesOf({});
    assert.ok(fast > float32);
    assert.ok(float16 > 0.5 * float32 && float16 < 0.52 * float32);
    assert.ok(int8 > 0.25 * float32 && int8 < 0.27 * float32);
    const { numTensors } = tf.memory();
    using model = await createModel(arch, null, formulaCheckpoint(arch), {
      dtype: "int8",
    });
    const weight = new Float32Array(16 * 2048).fill(1);
    using other = model.withHead({ weight, bias: new Float32Array(16) });
    using trunk = model.truncate("flatten");
    const head = other.weightBytes - trunk.weightBytes;
    assert.equal(head, 16 * 2048 + 4 * 16 + 4 * 16, "values, factors, bias");
    other.dispose();
    trunk.dispose();
    model.dispose();
    assert.equal(tf.memory().numTensors, numTensors);
  },
});

Deno.test("unknown memory and dtype", async () => {
  const create = (options: object) =>
    createModel("resnet18", "conv1", false, options);
  await assert.rejects(create({ memory: "tiny" }), {
    name: "RangeError",
    message: 'memory: expected "fast" or "small", got "tiny"',
  });
  await assert.rejects(create({ dtype: "int4" }), {
    name: "RangeError",
    message: 'dtype: expected "float32", "float16" or "int8", got "int4"',
  });
});

Deno.test({
  name: "stock kernels reject other types and small memory",
  ignore: kernels === "own",
  async fn() {
    const create = (options: ModelOptions) =>
      createModel("resnet18", "conv1", false, options);
    await assert.rejects(create({ memory: "small" }), {
      message:
        'createModel with stock kernels: expected memory "fast" and dtype ' +
        '"float32", got memory "small"',
    });
    await assert.rejects(create({ dtype: "int8" }), {
      message: /^createModel with stock kernels: .*, got dtype "int8"$/,
    });
    using model = await create({ memory: "fast", dtype: "float32" });
    assert.ok(model.weightBytes > 0);
  },
});
