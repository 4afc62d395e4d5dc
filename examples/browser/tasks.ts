/// <reference lib="dom" />
/**
 * The worker's tasks: a network, a picture, and what one computes from the other.
 *
 * @module
 */

import {
  classify,
  decodeImage,
  type ResNet,
  type RgbImage,
  startBackend,
  toNCHW,
  unprocess,
} from "@layertap/resnet";
import { classActivationMap, similarityMap } from "@layertap/resnet/maps";
import * as tf from "@tensorflow/tfjs-core";
import { classNames } from "../../src/model/head_class.ts";
import { hear, openNetwork, type OpenOptions } from "./open_network.ts";
import type {
  FeatureMaps,
  NetworkInfo,
  PictureInfo,
  PictureMap,
  Tasks,
  WholePass,
} from "./protocol.ts";
import { stages } from "./stages.ts";

/** Makes the tasks, which share a network and a picture. */
export function makeTasks(order: OpenOptions): Tasks {
  let model: ResNet | undefined;
  let picture: RgbImage | undefined;
  let input: tf.Tensor4D | undefined;
  let isWarm = false;

  const network = () => {
    if (!model) throw new Error("no network is open");
    return model;
  };
  const seen = () => {
    input ??= network().preprocess(pictureOrThrow());
    return input;
  };
  const pictureOrThrow = () => {
    if (!picture) throw new Error("no picture is open");
    return picture;
  };
  const forget = () => {
    input?.dispose();
    input = undefined;
  };

  return {
    async start() {
      const { threads, fallback } = await startBackend();
      return { threads, fallback };
    },

    async openNetwork(source): Promise<NetworkInfo> {
      const opened = await openNetwork(source, order);
      try {
        await hear(order.signal);
      } catch (error) {
        opened.dispose();
        throw error;
      }
      model?.dispose(); // Only now: it stays if the other one can't be opened.
      model = opened;
      isWarm = false;
      forget();
      const { cropSize } = model.preset;
      const shapes = model.shapes([1, cropSize, cropSize, model.inChannels]);
      return {
        arch: model.arch,
        nodes: [...model.nodes().values()].map(({ name, operation }) => ({
          name,
          operation,
          shape: shapes.get(name)!.slice(1),
        })),
        cropSize,
      };
    },

    async openPicture(file): Promise<PictureInfo> {
      const start = performance.now();
      const decoded = await decodeImage(file, {
        exifOrientation: true,
        maxPixels: 50e6,
      });
      const between = performance.now();
      await hear(order.signal);
      picture = decoded;
      forget();
      const tensor = seen();
      const end = performance.now();
      const [crop] = await unprocess(tensor, network().preset);
      return {
        crop: toImageData(crop),
        width: decoded.width,
        height: decoded.height,
        decodeTime: between - start,
        preprocessTime: end - between,
      };
    },

    async pass(): Promise<WholePass> {
      const x = seen();
      using timed = network().truncate(network().outputLayer);
      // The first pass is slower: the browser is still compiling the kernels.
      if (!isWarm) timed.forward(x).dispose();
      isWarm = true;
      const times: Record<string, number> = {};
      const start = performance.now();
      let since = start;
      for (const { module } of stages([...timed.nodes().keys()])) {
        if (!timed.namedModules().has(module)) continue;
        timed.registerForwardHook(module, () => {
          const now = performance.now();
          times[module] = now - since;
          since = now;
        });
      }
      const head = timed.layers.get("fc");
      let classes: WholePass["classes"] = [];
      if (head?.type === "Linear") {
        const names = await classNames(timed);
        since = performance.now();
        // Two classes may share a name, so labels start with the number.
        const labels = names.map((name, i) => `${i} ${name}`);
        const [likeliest] = await classify(timed, x, { top: 5, labels });
        classes = likeliest.map(({ label, score }) => {
          const [, index, name] = /^(\d+) (.*)$/.exec(label)!;
          return { index: Number(index), label: name, score };
        });
      } else {
        timed.forward(x).dispose();
      }
      return {
        stages: times,
        time: performance.now() - start,
        classes,
        weights: timed.weightBytes,
        heap: heapBytes(),
      };
    },

    async featureMaps(node): Promise<FeatureMaps> {
      const x = seen();
      const start = performance.now();
      const { [node]: value } = network().extract(x, [node]);
      const time = performance.now() - start;
      const [height, width] = value.rank === 4 ? value.shape.slice(1) : [1, 1];
      const channels = value.shape.at(-1)!;
      const planes = tf.tidy(() => toNCHW(value));
      const values = await copy(planes);
      tf.dispose([value, planes]);
      const strongest = byMean(values, channels);
      return { node, values, height, width, channels, strongest, time };
    },

    async similarity(node, row, column): Promise<PictureMap> {
      const start = performance.now();
      return await pictureMap(
        similarityMap(network(), seen(), node, [row, column]),
        start,
      );
    },

    async evidence(classIndex): Promise<PictureMap> {
      const start = performance.now();
      return await pictureMap(
        classActivationMap(network(), seen(), classIndex),
        start,
      );
    },
  };
}

/** The size of the backend's memory, which its types don't expose. */
function heapBytes(): number {
  const { wasm } = tf.backend() as unknown as {
    wasm: {
      wasmMemory?: WebAssembly.Memory;
      asm: { memory: WebAssembly.Memory };
    };
  };
  return (wasm.wasmMemory ?? wasm.asm.memory).buffer.byteLength;
}

/** A copy of the values that can be transferred; the tensor's own may be a view of the heap. */
async function copy(tensor: tf.Tensor): Promise<Float32Array<ArrayBuffer>> {
  return new Float32Array(await tensor.data<"float32">());
}

async function pictureMap(
  map: tf.Tensor3D,
  start: number,
): Promise<PictureMap> {
  const values = await copy(map);
  const [, height, width] = map.shape;
  map.dispose();
  return { values, height, width, time: performance.now() - start };
}

/** Channels by the mean of their maps, the strongest first. */
function byMean(values: Float32Array, channels: number): number[] {
  const size = values.length / channels;
  const sums = new Float64Array(channels);
  values.forEach((value, i) => sums[Math.floor(i / size)] += value);
  return [...sums.keys()].sort((a, b) => sums[b] - sums[a]);
}

function toImageData({ width, height, data }: RgbImage): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba.set(data.subarray(from, from + 3), to);
  }
  return new ImageData(rgba, width, height);
}
