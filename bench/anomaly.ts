/**
 * `deno task bench:anomaly [python] [coreset]`: fitting a bank and scoring pictures, beside anomalib's
 * arithmetic: PyTorch for the features, NumPy for the products.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { decodeImage, imagenetPreset } from "../mod.ts";
import { encodeNpy } from "../src/formats/npy.ts";
import { nhwcToNchw } from "../src/formats/shaped_array.ts";
import { normalize, resizeAndCrop } from "../src/image/transform.ts";
import { run } from "./extract_contestants.ts";
import { load, machine } from "./machine.ts";
import { requireSame } from "./require_same.ts";
import { median, quantile } from "./statistics.ts";
import { table } from "./table.ts";

/** A contestant's answer: seconds for the fit, and for each score. */
interface Answer {
  readonly fit: number;
  readonly fitByProducts?: number;
  readonly score: number;
  readonly scores: readonly number[];
  readonly patches: number;
}

const rounds = 5, pictures = 48, scored = 24;
const [python = "python3", coreset = "0.02"] = Deno.args;

const file = (name: string) =>
  fileURLToPath(new URL(`contestants/${name}`, import.meta.url));
const folder = await Deno.makeTempDir();
const batch = `${folder}/pictures.npy`;
await writeBatch(batch, pictures);
await writeBatch(`${batch}.few.npy`, 2);
const task = [coreset, `${scored}`];
const contestants = {
  Layertap: [
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-read"],
    ...[file("anomaly_layertap.ts"), batch, ...task],
  ],
  Python: [
    ...["env", "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE", python],
    ...[file("anomaly_torch.py"), "weights/mlnet_resnet18.npz", batch, ...task],
  ],
};

console.log(machine());
const before = load();
const answers = new Map<string, Answer[]>();
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(contestants)) {
      const answer = await run<Answer>(command);
      if (typeof answer === "string") throw new Error(`${name}: ${answer}`);
      answers.set(name, [...answers.get(name) ?? [], answer]);
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
const ours = answers.get("Layertap")!, theirs = answers.get("Python")!;
requireSame("Python", theirs[0].scores, ours[0].scores, 1e-3);

const row = (name: string, times: (a: Answer) => number, of: Answer[]) => {
  const all = of.map(times);
  const ratio = median(all) / median(ours.map(times));
  const quartiles = [0.25, 0.75].map((q) => quantile(all, q).toPrecision(3));
  return [
    ...[name, median(all).toPrecision(3), quartiles.join(" to ")],
    ratio.toFixed(2),
  ];
};
const fit = ({ fit }: Answer) => fit;
const byProducts = ({ fitByProducts, fit }: Answer) => fitByProducts ?? fit;
const score = (answer: Answer) => 1000 * answer.score;
console.log(table([
  ["", "median", "quartiles", "times Layertap's"],
  row("fit, Layertap, s", fit, ours),
  row("fit, Python, distances as in anomalib, s", fit, theirs),
  row("fit, Python, distances as products, s", byProducts, theirs),
  row("score, Layertap, ms", score, ours),
  row("score, Python, ms", score, theirs),
]));
console.log(
  `\n${pictures} pictures, ${
    ours[0].patches
  } patches, ${scored} scored; ${rounds} rounds; ` +
    `load ${before} before, ${load()} after`,
);

/** Writes crops of the bricks, mirrored to have more of them, as a normalized batch. */
async function writeBatch(path: string, count: number): Promise<void> {
  const images = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const name = `${i % 12}`.padStart(2, "0");
      const source = `examples/anomaly/images/good/${name}.jpg`;
      const picture = await decodeImage(await Deno.readFile(source));
      const [crop] = resizeAndCrop(turned(picture, i), imagenetPreset);
      return crop;
    }),
  );
  const nhwc = {
    data: normalize(images, imagenetPreset),
    shape: [count, 224, 224, 3],
  };
  const { data, shape } = nhwcToNchw(nhwc);
  const bytes = encodeNpy(data as Float32Array<ArrayBuffer>, shape);
  await Deno.writeFile(path, bytes);
}

/** One of four mirror images, by the number. */
function turned(
  { width, height, data }: Awaited<ReturnType<typeof decodeImage>>,
  number: number,
) {
  const flips = Math.floor(number / 12);
  const mirrored = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = flips & 1 ? width - 1 - x : x;
      const fromY = flips & 2 ? height - 1 - y : y;
      const from = 3 * (fromY * width + fromX);
      mirrored.set(data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data: mirrored };
}
