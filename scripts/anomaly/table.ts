/**
 * How well PatchCore tells good pictures from faulty ones, beside the difference from the mean good
 * picture. Prints the table of docs/anomaly.md.
 *
 *     python3 scripts/anomaly/pictures.py TEXTURES out/anomaly
 *     deno run --allow-read scripts/anomaly/table.ts out/anomaly [coreset]
 *
 * @module
 */

import { createModel, decodeImage, type ResNet } from "../../mod.ts";
import { anomalyMap } from "../../src/anomaly/anomaly_map.ts";
import { fitPatchCore } from "../../src/anomaly/mod.ts";
import { resizeAndCrop } from "../../src/image/transform.ts";
import { auroc } from "./auroc.ts";

const kinds = ["scratch", "spot", "hole"] as const;

/** A picture's score and map, by some method. */
interface Scored {
  readonly score: number;
  readonly map: Float32Array;
}

type Method = (path: string) => Promise<Scored>;

const [folder, coreset = "0.05"] = Deno.args;
using model = await createModel("mlnet_resnet18", "layer3", true);
console.log(
  "| pictures | faults | PatchCore, pictures | pixels | mean difference, pictures | pixels |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
for (const texture of ["brick", "grass", "gravel"]) {
  const good = listed(`${folder}/${texture}/good`);
  const options = { coreset: Number(coreset), holdOut: 0 };
  using bank = await fitPatchCore(model, good, options);
  const patchCore = await measured(texture, async (path) => {
    const { score, map } = await bank.score(await decodeImage(path));
    return { score, map: map.data };
  });
  const plain = await measured(texture, await meanDifference(model, good));
  for (const kind of [...kinds, "all"] as const) {
    const cells = [...patchCore[kind], ...plain[kind]]
      .map((value) => value.toFixed(3));
    console.log(`| ${[texture, kind, ...cells].join(" | ")} |`);
  }
}

/** Differences from the mean good picture, smoothed as anomaly maps are. */
async function meanDifference(
  { preset }: ResNet,
  good: readonly string[],
): Promise<Method> {
  const { cropSize } = preset;
  const greyOf = async (path: string) => {
    const [{ data }] = resizeAndCrop(await decodeImage(path), preset);
    return Float32Array.from({ length: cropSize ** 2 }, (_, i) => data[3 * i]);
  };
  const mean = new Float32Array(cropSize ** 2);
  for (const path of good) {
    (await greyOf(path)).forEach((value, i) => mean[i] += value / good.length);
  }
  const size = [cropSize, cropSize] as const;
  return async (path) => {
    const grey = await greyOf(path);
    const away = grey.map((value, i) => Math.abs(value - mean[i]));
    const map = anomalyMap(away, size, size).data;
    return { score: largest(map), map };
  };
}

/** The AUROC of pictures and of pixels, by kind of fault. */
async function measured(
  texture: string,
  method: Method,
): Promise<Record<typeof kinds[number] | "all", [number, number]>> {
  const all = async (kind: string) => {
    const scored: (Scored & { mask?: boolean[] })[] = [];
    for (const path of listed(`${folder}/${texture}/test/${kind}`)) {
      const mask = kind === "good"
        ? undefined
        : await maskOf(path.replace("/test/", "/mask/"));
      scored.push({ ...await method(path), mask });
    }
    return scored;
  };
  const good = await all("good");
  const faulty = await Promise.all(kinds.map(all));
  const rate = (bad: typeof good): [number, number] => {
    const scores = (list: typeof good) =>
      Float32Array.from(list, ({ score }) => score);
    const pixels = (list: typeof good, isFault: boolean) =>
      joined(
        list.map(({ map, mask }) =>
          map.filter((_, i) => (mask?.[i] ?? false) === isFault)
        ),
      );
    return [
      auroc(scores(bad), scores(good)),
      auroc(pixels(bad, true), pixels([...good, ...bad], false)),
    ];
  };
  return {
    scratch: rate(faulty[0]),
    spot: rate(faulty[1]),
    hole: rate(faulty[2]),
    all: rate(faulty.flat()),
  };
}

/** Whether each pixel of the network's crop is part of the fault. */
async function maskOf(path: string): Promise<boolean[]> {
  const [{ data }] = resizeAndCrop(await decodeImage(path), model.preset);
  return Array.from(
    { length: data.length / 3 },
    (_, i) => data[3 * i] > 127,
  );
}

function listed(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => `${path}/${name}`)
    .sort();
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((n, a) => n + a.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

function largest(values: Float32Array): number {
  return values.reduce((a, b) => Math.max(a, b));
}
