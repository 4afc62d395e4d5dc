/**
 * What packing costs: a network with packed weights compared with the original, on pictures.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Preset } from "../arch/preset.ts";
import { type NetworkOptions, withNetwork } from "../weights/open_network.ts";
import { createModel } from "./create_model.ts";
import type { Picture } from "../image/rgb_image.ts";
import { partsOf, type ResNet } from "./model.ts";
import { preprocess } from "./preprocess.ts";
import type { Pretrained } from "../weights/resolve.ts";

/** How close a layer with packed weights comes to the original, over all pictures. */
export interface LayerLoss {
  /** `"layer1"` … `"layer4"`, `"avgpool"`. */
  readonly layer: string;
  /** The smallest cosine of the angle between the two. */
  readonly cosine: number;
  /** The largest difference of two values. */
  readonly largestError: number;
  /** The largest magnitude of the original's values, for scale. */
  readonly largestValue: number;
}

/** The layers to compare. */
const LAYERS = ["layer1", "layer2", "layer3", "layer4", "avgpool"];

/**
 * Measures what packing costs: runs pictures through a network with packed weights and with the
 * original ones, and compares the layers. Only one of the two is in memory at a time.
 *
 * @param source The original weights.
 * @param packed What `convertWeights` returned for them, with the same options.
 * @param pictures One or more pictures.
 * @param options The options of `convertWeights`.
 * @returns The layers in order, up to `outputLayer`.
 * @throws What `createModel` throws.
 *
 * @example Half precision loses next to nothing
 * ```ts
 * import { decodeImage, measureLoss } from "@layertap/resnet";
 * import { convertWeights } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * const source = "weights/mlnet_resnet18.npz";
 * const options = { dtype: "float16", outputLayer: "layer1" } as const;
 * const packed = await convertWeights(source, options);
 * const picture = await decodeImage("examples/images/chelsea.png");
 * const [layer1] = await measureLoss(source, packed, [picture], options);
 * assert.ok(layer1.cosine > 0.99999);
 * ```
 */
export async function measureLoss(
  source: Pretrained,
  packed: Uint8Array,
  pictures: readonly Picture[],
  options: NetworkOptions = {},
): Promise<LayerLoss[]> {
  const { outputLayer, strict } = options;
  const settings = { ...options, baseDType: "float32" } as const;
  return await withNetwork(source, settings, async ({ row, checkpoint }) => {
    const { values: near, preset } = await run(packed);
    const { values: exact } = await run(checkpoint, preset);
    return [...exact.keys()].map((layer) => ({
      layer,
      ...compare(exact.get(layer)!, near.get(layer)!),
    }));

    /** The layers' values by name, one array for each picture. */
    async function run(weights: Pretrained, preset?: Preset) {
      using model = await createModel(row, outputLayer, weights, {
        strict,
      });
      preset ??= model.preset;
      const values = new Map<string, Float32Array[]>();
      for (const picture of pictures) {
        const input = preprocess(picture, preset);
        const layers = model.extract(input, layersOf(model));
        for (const [layer, tensor] of Object.entries(layers)) {
          const list = values.get(layer) ?? [];
          values.set(layer, [...list, tensor.dataSync<"float32">()]);
        }
        tf.dispose([input, layers]);
      }
      return { values, preset };
    }
  });
}

/** Those of {@linkcode LAYERS} that a model has, and its last node if it ends before `avgpool`. */
function layersOf(model: ResNet): string[] {
  const { calls, output } = partsOf(model).trace;
  const found = LAYERS.flatMap((layer) =>
    calls.find(({ module }) => module.name === layer) ?? []
  );
  const names = found.map(({ module }) => module.name);
  const isComplete = names.includes("avgpool") ||
    found.at(-1)?.output === output;
  return isComplete ? names : [...names, output];
}

function compare(
  exact: readonly Float32Array[],
  near: readonly Float32Array[],
): Omit<LayerLoss, "layer"> {
  let cosine = 1, largestError = 0, largestValue = 0;
  exact.forEach((a, n) => {
    const b = near[n];
    let ab = 0, aa = 0, bb = 0;
    for (let i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
      largestError = Math.max(largestError, Math.abs(a[i] - b[i]));
      largestValue = Math.max(largestValue, Math.abs(a[i]));
    }
    cosine = Math.min(cosine, ab / Math.sqrt(aa * bb));
  });
  return { cosine, largestError, largestValue };
}
