/**
 * `deno task bench:layers [arch [threads]]`: each convolution of a network, with the stock
 * kernels and with each of our algorithms that fits, batch 1, 224x224.
 *
 * All of them take turns. GFLOPS count the products of a direct convolution for every algorithm, so
 * Winograd may exceed the peak. The peak is the rate of the innermost loop, times the threads, when
 * all its data is in the first-level cache.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { startBackend } from "../mod.ts";
import { archRow } from "../src/arch/lookup.ts";
import type { Conv2d } from "../src/arch/module.ts";
import { buildResNet } from "../src/arch/resnet.ts";
import { inferShapes } from "../src/graph/shapes.ts";
import { traceForward } from "../src/arch/trace.ts";
import { type Algorithm, chooseAlgorithm } from "../src/kernels/algorithm.ts";
import { OwnConv } from "../src/kernels/conv.ts";
import { type Device, startDevice } from "../src/kernels/device.ts";
import { PreparedPass } from "../src/kernels/prepared_pass.ts";
import { stockKernels } from "../src/kernels/stock.ts";
import { uniform } from "../tests/support/uniform.ts";
import { load, machine } from "./machine.ts";
import { measurePeak } from "./peak.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

const rounds = 15, leastMilliseconds = 4;
const input = [1, 224, 224, 3];

/** Convolutions of the same shape. */
interface Layer {
  readonly conv: Conv2d;
  readonly shape: readonly number[];
  count: number;
}

function layersOf(arch: string): Layer[] {
  const trace = traceForward(buildResNet(archRow(arch)));
  const shapes = inferShapes(trace, input);
  const layers = new Map<string, Layer>();
  for (const { module, inputs: [from] } of trace.nodes.values()) {
    if (module?.type !== "Conv2d") continue;
    const shape = shapes.get(from) ?? input;
    const { name: _name, children: _children, ...numbers } = module;
    const key = JSON.stringify([numbers, shape]);
    const layer = layers.get(key);
    if (layer) layer.count++;
    else layers.set(key, { conv: module, shape, count: 1 });
  }
  return [...layers.values()];
}

/** The functions to time, by name, and how to free them. */
function contestants(
  { conv, shape: [images, height, width, channels] }: Layer,
  device: Device,
): Map<string, { run(): void; dispose(): void }> {
  const { outChannels, groups, kernelSize } = conv;
  const weights = {
    filter: uniform(
      conv.name,
      outChannels * channels / groups * kernelSize ** 2,
    ),
    bias: new Float32Array(outChannels),
    scale: new Float32Array(outChannels).fill(1),
    unfolded: new Map(),
  };
  const x = tf.tensor(uniform("x", images * height * width * channels), [
    images,
    height,
    width,
    channels,
  ]) as Tensor4D;
  const loaded = stockKernels.loadConv(conv, weights);
  const pass = stockKernels.prepare(
    [x.shape],
    (operations, [x]) => [operations.conv2d(x, loaded, { relu: true })],
  );
  const all = new Map([["stock", {
    run: () => tf.dispose(pass.run([x])),
    dispose() {
      x.dispose();
      loaded.dispose();
    },
  }]]);
  const algorithms: Algorithm[] = chooseAlgorithm(conv, 56) === "direct"
    ? ["direct"]
    : ["direct", "winograd2", "winograd4"];
  for (const algorithm of algorithms) {
    const own = new OwnConv(device, conv, algorithm, weights);
    const prepared = new PreparedPass(
      device,
      [x.shape],
      (operations, [x]) => [operations.conv2d(x, own, { relu: true })],
    );
    all.set(algorithm, {
      run: () => tf.dispose(prepared.run([x])),
      dispose() {
        prepared.dispose();
        own.dispose();
      },
    });
  }
  return all;
}

/** Medians in milliseconds, by name. */
async function time(
  all: ReturnType<typeof contestants>,
): Promise<Map<string, number>> {
  const passes = new Map<string, number>();
  for (const [name, { run }] of all) {
    for (let i = 0; i < 3; i++) run();
    const start = performance.now();
    run();
    const once = performance.now() - start;
    passes.set(name, Math.max(1, Math.ceil(leastMilliseconds / once)));
  }
  await new Promise((resolve) => setTimeout(resolve, 30)); // Lets the compilers finish.
  const times = new Map([...all.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, { run }] of all) {
      const count = passes.get(name)!;
      run();
      const start = performance.now();
      for (let i = 0; i < count; i++) run();
      times.get(name)!.push((performance.now() - start) / count);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

const [arch = "resnet50", wanted] = Deno.args;
const { threads } = await startBackend(
  wanted ? { threads: Number(wanted) } : {},
);
const device = await startDevice({ threads });
const peak = threads * measurePeak(device);
console.log(`${machine()}\n\n## ${arch}, threads: ${threads}\n`);
const before = load();
const names = ["stock", "direct", "winograd2", "winograd4"];
const rows: string[][] = [];
let stock = 0, own = 0;
for (const layer of layersOf(arch)) {
  const { conv, shape, count } = layer;
  const all = contestants(layer, device);
  const times = await time(all);
  for (const { dispose } of all.values()) dispose();
  const chosen = chooseAlgorithm(conv, shape[1]);
  const side = shape[1] / conv.stride;
  const products = side ** 2 * conv.outChannels * conv.inChannels /
    conv.groups * conv.kernelSize ** 2;
  const gflops = 2 * products / times.get(chosen)! / 1e6;
  stock += count * times.get("stock")!;
  own += count * times.get(chosen)!;
  const { kernelSize: k, stride, groups, inChannels, outChannels } = conv;
  rows.push([
    `${count} x ${k}x${k}/${stride}${
      groups > 1 ? ` g${groups}` : ""
    } ${inChannels} to ${outChannels}, ${shape[1]}`,
    chosen,
    gflops.toFixed(0),
    (gflops / peak).toFixed(2),
    ...names.map((name) => times.get(name)?.toFixed(2) ?? ""),
  ]);
}
console.log(
  table([["layer", "chosen", "GFLOPS", "of peak", ...names], ...rows]),
);
console.log(
  `\npeak ${peak.toFixed(1)} GFLOPS; all layers: stock ${
    stock.toFixed(1)
  } ms, own ${own.toFixed(1)} ms, ` +
    `ratio ${(own / stock).toFixed(2)}; load ${before} before, ${load()} after`,
);
