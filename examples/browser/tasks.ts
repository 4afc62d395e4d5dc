/// <reference lib="dom" />
/**
 * The worker's tasks: a network, pictures, and what it computes from them.
 *
 * @module
 */

import {
  classify,
  decodeImage,
  type ResNet,
  type RgbImage,
  startBackend,
  unprocess,
} from "@layertap/resnet";
import { classActivationMap } from "@layertap/resnet/maps";
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

/** Makes the tasks, which share a network and pictures. */
export function makeTasks(order: OpenOptions): Tasks {
  let model: ResNet | undefined;
  const inputs = new Map<number, tf.Tensor4D>();
  let lastId = 0;
  let isWarm = false;

  const network = () => {
    if (!model) throw new Error("no network is open");
    return model;
  };
  const inputOf = (id: number) => {
    const input = inputs.get(id);
    if (!input) throw new Error("this picture is closed");
    return input;
  };
  const close = (id: number) => {
    inputs.get(id)?.dispose();
    inputs.delete(id);
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
      [...inputs.keys()].forEach(close);
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
        classes: model.layers.get("fc")?.type === "Linear"
          ? shapes.get("fc")![1]
          : 0,
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
      const input = network().preprocess(decoded);
      const end = performance.now();
      const id = ++lastId;
      inputs.set(id, input);
      const [crop] = await unprocess(input, network().preset);
      return {
        id,
        crop: toImageData(crop),
        width: decoded.width,
        height: decoded.height,
        decodeTime: between - start,
        preprocessTime: end - between,
      };
    },

    closePicture(id) {
      close(id);
      return Promise.resolve();
    },

    async pass(id): Promise<WholePass> {
      const x = inputOf(id);
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

    async featureMaps(id, node): Promise<FeatureMaps> {
      const x = inputOf(id);
      const start = performance.now();
      const { [node]: value } = network().extract(x, [node]);
      const time = performance.now() - start;
      const [height, width] = value.rank === 4 ? value.shape.slice(1) : [1, 1];
      const shape = [height, width, value.shape.at(-1)!];
      return { node, data: await taken(value), shape, time };
    },

    async evidence(id, classIndex): Promise<PictureMap> {
      const start = performance.now();
      const map = classActivationMap(network(), inputOf(id), classIndex);
      const shape = map.shape.slice(1);
      const data = await taken(map);
      return { data, shape, time: performance.now() - start };
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

/** Disposes a tensor; returns its values as a copy, since they may be a view of the heap. */
async function taken(tensor: tf.Tensor): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(await tensor.data<"float32">());
  tensor.dispose();
  return values;
}

function toImageData({ width, height, data }: RgbImage): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba.set(data.subarray(from, from + 3), to);
  }
  return new ImageData(rgba, width, height);
}
