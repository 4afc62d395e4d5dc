// stock: no, it tests files, not the kernels
/** readLayers, joinLayers and drawComparison. */

import assert from "node:assert/strict";
import {
  cka,
  drawComparison,
  joinLayers,
  readLayers,
} from "../../src/compare/mod.ts";
import {
  featureTable,
  npyStream,
  npzStream,
  parquetStream,
  safetensorsStream,
} from "../../src/extract/mod.ts";
import { uniform } from "../support/uniform.ts";

/** Features of pictures by name; `bad` can't be read. */
function tableOf(names: string[], layers: Record<string, number>) {
  return featureTable(
    names.map((path) =>
      path === "bad" ? { path, error: new Error("damaged") } : {
        path,
        values: Object.fromEntries(
          Object.entries(layers).map(([layer, size]) => [
            layer,
            { data: uniform(`${path} ${layer}`, size), shape: [size] },
          ]),
        ),
      }
    ),
  );
}

const bytesOf = async (stream: ReadableStream<Uint8Array>) =>
  await new Response(stream).bytes();

const names = ["a", "b", "bad", "c", "d", "e", "f"];
const first = tableOf(names, { layer1: 6, layer2: 4 });
const second = tableOf(["f", "x", "e", "d", "a", "b"], { conv: 5 });

Deno.test("readLayers: all layers of every format, without bad pictures", async () => {
  const good = names.filter((name) => name !== "bad");
  for (const stream of [parquetStream, npzStream, safetensorsStream]) {
    const { paths, layers } = await readLayers(await bytesOf(stream(first)));
    assert.deepEqual(Object.keys(layers), ["layer1", "layer2"]);
    assert.deepEqual(layers.layer2.shape, [6, 4]);
    good.forEach((name, i) => {
      const row = Array.from(
        { length: 4 },
        (_, c) => layers.layer2.data[4 * i + c],
      );
      assert.deepEqual(row, [...uniform(`${name} layer2`, 4)]);
    });
    if (stream !== safetensorsStream) assert.deepEqual(paths, good);
  }
  const { layers } = await readLayers(await bytesOf(npyStream(second)));
  assert.deepEqual(layers.features.shape, [6, 5]);
  const some = await readLayers(await bytesOf(npzStream(first)), ["layer2"]);
  assert.deepEqual(Object.keys(some.layers), ["layer2"]);
});

Deno.test("joinLayers: the pictures of both files, by name", async () => {
  const [a, b] = await Promise.all([
    readLayers(await bytesOf(parquetStream(first))),
    readLayers(await bytesOf(npzStream(second))),
  ]);
  const { paths, layers: [x, y] } = joinLayers(a, b);
  assert.deepEqual(paths, ["a", "b", "d", "e", "f"]);
  const rows = (layer: string, size: number) => ({
    data: Float32Array.from(
      paths.flatMap((path) => [...uniform(`${path} ${layer}`, size)]),
    ),
    shape: [5, size],
  });
  assert.deepEqual(x.layer1, rows("layer1", 6));
  assert.deepEqual(y.conv, rows("conv", 5));
  assert((await cka(x.layer1, y.conv)) < 1);
  // Files without names are joined by number.
  const [plain, other] = await Promise.all(
    [npyStream(second), safetensorsStream(second)]
      .map(async (stream) => await readLayers(await bytesOf(stream))),
  );
  assert.equal(joinLayers(plain, other).paths.length, 6);
  assert.throws(() => joinLayers(a, plain), { name: "RangeError" });
  const twice = { ...a, paths: a.paths.map(() => "a") };
  assert.throws(() => joinLayers(twice, b), {
    name: "RangeError",
    message: '"a" names several pictures of the file',
  });
});

Deno.test("drawComparison: colours where the values are", async () => {
  const table = {
    rows: ["low", "high"],
    columns: ["one", "two", "three"],
    values: [[0, 0, 0], [1, 1, NaN]],
  };
  const { data, width, height } = await drawComparison(table, {
    colorMap: "gray",
    rowTitle: "a",
    columnTitle: "b",
  });
  const counts = new Map<string, number>();
  for (let i = 0; i < data.length; i += 3) {
    const color = data.subarray(i, i + 3).join();
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const cell = counts.get("128,128,128")!;
  assert(cell > 400, `${cell} pixels of NaN`);
  assert(counts.get("0,0,0")! >= 2.5 * cell); // The bar has greys, too.
  // The first row is at the bottom.
  const blacks = Array.from({ length: width * height }, (_, i) => i)
    .filter((i) => data[3 * i] === 0).map((i) => Math.floor(i / width));
  const greys = Array.from({ length: width * height }, (_, i) => i)
    .filter((i) => data.subarray(3 * i, 3 * i + 3).join() === "128,128,128");
  assert(Math.min(...blacks) > Math.floor(greys[0] / width));
  await assert.rejects(drawComparison({ rows: [], columns: [], values: [] }), {
    name: "RangeError",
    message: "table: expected 1 to 200 layers, got 0 x 0",
  });
});
