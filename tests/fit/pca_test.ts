/** fitPca against scikit-learn 1.7.2, and its files. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { fitPca, Pca, type PcaParts } from "../../src/fit/mod.ts";
import { symmetricEigen } from "../../src/fit/symmetric_eigen.ts";
import { closeTo, take } from "../support/close.ts";
import { tensorTest } from "../support/leaks.ts";
import { uniform } from "../support/uniform.ts";

interface Golden {
  shape: [number, number];
  components: number;
  whiten: boolean;
  features: number[];
  other: number[];
  want:
    & Omit<Record<keyof PcaParts, number[]>, "samples" | "whiten">
    & { transformed: number[] };
}

const goldens: Golden[] = JSON.parse(
  await Deno.readTextFile(new URL("../data/fit/pca.json", import.meta.url)),
);

tensorTest("fitPca: scikit-learn's numbers, signs included", async () => {
  for (
    const { shape, components, whiten, features, want, ...rest } of goldens
  ) {
    const x = tf.tensor2d(features, shape);
    const pca = await fitPca(x, components, { whiten });
    const { transformed, ...parts } = want;
    for (const [name, values] of Object.entries(parts)) {
      const got = pca[name as keyof typeof parts];
      closeTo(got, values, 1e-7, `${shape} ${components} ${name}`);
    }
    assert.deepEqual(pca.shape, [want.singularValues.length, shape[1]]);
    assert.equal(pca.samples, shape[0]);
    const other = tf.tensor2d(rest.other, [3, shape[1]]);
    const result = pca.transform(other);
    assert.deepEqual(result.shape, [3, pca.shape[0]]);
    closeTo(take(result), transformed, 1e-5, `${shape} transformed`);
    tf.dispose([x, other]);
  }
});

tensorTest(
  "a PCA is saved and loaded, with what it says of itself",
  async () => {
    const x = tf.tensor2d(uniform("pca", 20 * 6), [20, 6]);
    const pca = await fitPca(x, 2, { whiten: true });
    const bytes = await pca.encode({ arch: "resnet18", note: "naïve 𝒳" });
    const loaded = await Pca.load(bytes);
    const { about, ...parts } = loaded;
    assert.deepEqual(about, { arch: "resnet18", note: "naïve 𝒳" });
    assert.deepEqual({ ...parts, about: {} }, { ...pca });
    assert.equal(await loaded.fingerprint(), await pca.fingerprint());
    assert.deepEqual(await loaded.encode(), bytes);
    const plain = await fitPca(x, 2);
    assert.notEqual(await plain.fingerprint(), await pca.fingerprint());
    x.dispose();
  },
);

Deno.test("eigenvectors: of equal eigenvalues, and of a matrix in blocks", () => {
  const blocks = Array.from(
    { length: 49 },
    (_, i) => Math.floor(i / 7 / 3) === Math.floor(i % 7 / 3) ? 1 : 0,
  );
  for (
    const [n, list] of [[7, blocks], [3, [2, 0, 0, 0, 2, 0, 0, 0, 2]]] as const
  ) {
    const data = Float64Array.from(list);
    const { values, vectors } = symmetricEigen({ data, rows: n, columns: n });
    const { data: v } = vectors(n);
    const at = (i: number, j: number) => v[i * n + j];
    const all = Array.from({ length: n }, (_, i) => i);
    for (const i of all) {
      for (const j of all) {
        const product = all.reduce((sum, k) => sum + at(i, k) * at(j, k), 0);
        assert(Math.abs(product - (i === j ? 1 : 0)) < 1e-12);
        const image = all.reduce(
          (sum, k) => sum + list[j * n + k] * at(i, k),
          0,
        );
        assert(Math.abs(image - values[i] * at(i, j)) < 1e-12);
      }
    }
  }
});

tensorTest("bad input to fitPca and Pca.load", async () => {
  const x = tf.tensor2d(uniform("bad", 20), [4, 5]);
  const same = tf.ones([4, 5]) as tf.Tensor2D;
  const one = tf.ones([1, 5]) as tf.Tensor2D;
  const cases: [Promise<unknown>, string, string][] = [
    [
      fitPca(x, 4),
      "RangeError",
      "4 components, but the samples vary in only 3 directions; choose fewer",
    ],
    [
      fitPca(x, 0),
      "RangeError",
      "components: expected an integer of at least 1, got 0",
    ],
    [
      fitPca(x, 2.5),
      "RangeError",
      "components: expected an integer of at least 1, got 2.5",
    ],
    [
      fitPca(same, 0.5),
      "RangeError",
      "the samples are all the same; a PCA needs samples that differ",
    ],
    [
      fitPca(one, 1),
      "RangeError",
      "features: expected at least 2 samples, got 1",
    ],
  ];
  for (const [result, name, message] of cases) {
    await assert.rejects(result, { name, message });
  }
  const three = tf.zeros([1, 4]) as tf.Tensor2D;
  const pca = await fitPca(x, 2);
  assert.throws(() => pca.transform(three), {
    name: "TypeError",
    message: "transform: expected [N, 5], got [1, 4]",
  });
  const { encodeNpz } = await import("../../src/formats/npz.ts");
  await assert.rejects(Pca.load(new Uint8Array(30)), SyntaxError);
  await assert.rejects(Pca.load(await encodeNpz({}, {})), {
    name: "SyntaxError",
    message: 'cannot read "bytes": expected a PCA; `layertap pca` writes one',
  });
  const about = { kind: "pca", samples: 4 };
  const components = { data: new Float64Array(6), shape: [2, 3] };
  await assert.rejects(Pca.load(await encodeNpz({ components }, about)), {
    name: "SyntaxError",
    message: 'cannot read "bytes": it has no entry "mean.npy"',
  });
  tf.dispose([x, same, one, three]);
});
