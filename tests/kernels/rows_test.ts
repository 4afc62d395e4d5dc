/** Filters as scaled rows, against the same filters as float32. */

import assert from "node:assert/strict";
import { startBackend } from "../../mod.ts";
import { OwnConv } from "../../src/kernels/conv.ts";
import { weightsDTypes } from "../../src/arch/weights_dtype.ts";
import { startDevice } from "../../src/kernels/device.ts";
import { decodeFloat16, encodeFloat16 } from "../../src/formats/float16.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { uniform } from "../support/uniform.ts";

const shape = {
  inChannels: 8,
  outChannels: 16,
  kernelSize: 3,
  stride: 1,
  padding: 1,
  dilation: 1,
  groups: 1,
};
/** Rows of 4 to 1152 values, some without a full vector, and groups with partial panels. */
const shapes = [
  shape,
  { ...shape, inChannels: 3, kernelSize: 7, outChannels: 13 },
  { ...shape, inChannels: 5, kernelSize: 1, outChannels: 3 },
  { ...shape, inChannels: 4, kernelSize: 1 },
  { ...shape, groups: 4, inChannels: 16 },
  { ...shape, groups: 2, inChannels: 12, outChannels: 20 },
  { ...shape, inChannels: 128, outChannels: 520 },
];

Deno.test("scaled rows give what their floats give, and stay as they are where they can", async () => {
  const { kernels } = await startBackend();
  assert.ok(kernels);
  for (const relaxed of [true, false]) {
    for (const threads of [1, 3]) {
      const device = await startDevice({ threads, relaxed });
      for (const module of shapes) {
        const { outChannels, groups, inChannels, kernelSize } = module;
        const size = inChannels / groups * kernelSize ** 2;
        const numbers = uniform("values", outChannels * size);
        const factors = uniform("factors", outChannels);
        const rest = {
          bias: uniform("bias", outChannels),
          scale: factors,
          unfolded: new Map(),
        };
        for (
          const values of [
            Int8Array.from(numbers, (value) => 127 * value),
            encodeFloat16(numbers.map((v, i) => i % 7 ? v : v * 1e-6)),
          ]
        ) {
          const plain = values instanceof Int8Array
            ? values
            : decodeFloat16(values);
          const filter = Float32Array.from(
            plain,
            (value, i) => value * factors[Math.floor(i / size)],
          );
          const kept = (
            f: typeof filter | {
              values: typeof values;
              factors: typeof factors;
            },
            dtype: typeof weightsDTypes[number],
            algorithm: "direct" | "winograd4",
          ) => {
            const weights = { filter: f, ...rest };
            const conv = new OwnConv(
              device,
              module,
              algorithm,
              weights,
              dtype,
            );
            const { filter } = conv.read(), { bytes } = conv;
            conv.dispose();
            return { filter, bytes };
          };
          const rows = { values, factors };
          for (const dtype of weightsDTypes) {
            const got = kept(rows, dtype, "direct");
            const isKept = values instanceof Int8Array || dtype === "float16";
            // Otherwise they are rounded like floats.
            const want = isKept ? filter : kept(filter, dtype, "direct").filter;
            assert.deepEqual(got.filter, want);
            if (dtype === "float16" && values instanceof Int8Array) {
              assert.equal(got.bytes, kept(rows, "int8", "direct").bytes);
            }
          }
          if (module !== shape) continue;
          assert.deepEqual(
            kept(rows, "float32", "winograd4"),
            kept(filter, "float32", "winograd4"),
          );
        }
      }
      device.dispose();
    }
  }
});

Deno.test("packed weights can be read in any order, and several at once", async () => {
  const checkpoint = await openCheckpoint("weights/mlnet_resnet18.npz");
  const names = [...checkpoint.tensors.keys()];
  const inOrder: Float32Array[] = [];
  for (const name of names) inOrder.push(await checkpoint.read(name));
  checkpoint.close();
  const again = await openCheckpoint("weights/mlnet_resnet18.npz");
  await again.read(names[4]);
  assert.deepEqual(await again.read(names[0]), inOrder[0]);
  again.close();
  const third = await openCheckpoint("weights/mlnet_resnet18.npz");
  assert.deepEqual(
    await Promise.all(names.slice(0, 9).map((name) => third.read(name))),
    inOrder.slice(0, 9),
  );
  third.close();
});
