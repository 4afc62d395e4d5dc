/**
 * Rounding errors on networks of random weights, as multiples of PyTorch's own in float32.
 *
 *     deno task bench:accuracy [arch] [networks] [side]
 *
 * Both are measured against float64, as root mean squares over each node. The table has the medians
 * over the networks, and the largest, of the worst node's multiple and of the last node's. It needs
 * `python3` with torchvision.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { createModel, fromNCHW, type ModelOptions, toNCHW } from "../mod.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

/** A node of the reference. */
interface Node {
  readonly name: string;
  readonly shape: readonly number[];
  /** Root mean square of PyTorch's float32 error. */
  readonly error: number;
}

const [arch = "resnet18", networks = "10", sideText = "224"] = Deno.args;
const side = Number(sideText);

const variants: Readonly<Record<string, ModelOptions>> = {
  default: {},
  "memory: small, float32": { memory: "small", dtype: "float32" },
};

/** Makes a network and its reference; returns the nodes. */
async function reference(seed: number, folder: string): Promise<Node[]> {
  const script = new URL("contestants/torch_errors.py", import.meta.url);
  const { success, stdout } = await new Deno.Command("python3", {
    args: [script.pathname, arch, `${seed}`, `${side}`, folder],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("the reference can't be computed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Of each node, our error divided by PyTorch's. */
async function multiples(
  nodes: readonly Node[],
  folder: string,
  options: ModelOptions,
): Promise<number[]> {
  using model = await createModel(arch, null, `${folder}/weights.pth`, options);
  const input = await Deno.readFile(`${folder}/input.f32`);
  const nchw = tf.tensor4d(new Float32Array(input.buffer), [1, 3, side, side]);
  const x = fromNCHW(nchw);
  const ratios = [];
  for (const { name, error } of nodes) {
    const value = model.extract(x, [name])[name];
    const ordered = value.rank === 4 ? toNCHW(value as tf.Tensor4D) : value;
    const got = await ordered.data<"float32">();
    const file = await Deno.readFile(`${folder}/${name}.f64`);
    const exact = new Float64Array(file.buffer);
    let sum = 0;
    got.forEach((v, i) => sum += (v - exact[i]) ** 2);
    ratios.push(Math.sqrt(sum / got.length) / error);
    tf.dispose([value, ordered]);
  }
  tf.dispose([nchw, x]);
  return ratios;
}

interface Result {
  readonly worst: number[];
  readonly last: number[];
}

const results = new Map<string, Result>(
  Object.keys(variants).map((name) => [name, { worst: [], last: [] }]),
);
for (let seed = 0; seed < Number(networks); seed++) {
  const folder = await Deno.makeTempDir();
  try {
    const nodes = await reference(seed, folder);
    for (const [name, options] of Object.entries(variants)) {
      const ratios = await multiples(nodes, folder, options);
      results.get(name)!.worst.push(Math.max(...ratios));
      results.get(name)!.last.push(ratios.at(-1)!);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const format = (values: readonly number[]) =>
  `${median(values).toFixed(2)} (${Math.max(...values).toFixed(2)})`;
console.log(`${arch}, ${networks} random networks, ${side}x${side}`);
console.log(table([
  ["error of PyTorch's, median (largest)", "worst node", "last node"],
  ...[...results].map(([name, { worst, last }]) => [
    name,
    format(worst),
    format(last),
  ]),
]));
