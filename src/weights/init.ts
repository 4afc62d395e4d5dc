/**
 * Weights for `pretrained: false`: torchvision's own initialisation, from a seed.
 *
 * @module
 */

import { type Module, modulesOf, tensorsOf } from "../arch/module.ts";
import { elementCount } from "../formats/elements.ts";
import type { Checkpoint, StoredTensor } from "./checkpoint.ts";

/** 32-bit FNV-1a: each tensor has its own sequence, wherever the network is cut. */
function hash(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return h;
}

/** Uniform numbers in (0, 1), by the mulberry32 generator. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Normally distributed numbers in pairs, by the Box-Muller transform. */
function fillNormal(
  values: Float32Array,
  std: number,
  next: () => number,
): void {
  for (let i = 0; i < values.length; i += 2) {
    const radius = std * Math.sqrt(-2 * Math.log(next()));
    const angle = 2 * Math.PI * next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}

/**
 * A state dict of fresh weights (torchvision 0.14.1, `ResNet.__init__`): convolutions by
 * `kaiming_normal_(mode="fan_out", nonlinearity="relu")`, batch norms 1 and 0, `fc` as
 * `torch.nn.Linear` does. The distributions are torchvision's, the numbers are not.
 *
 * @param root The module tree.
 * @param seed The same seed gives the same weights, wherever the network is cut.
 * @param zeroInitResidual Whether each block's last batch norm is 0, so that blocks start as the
 *   identity.
 */
export function initialWeights(
  root: Module,
  seed: number,
  zeroInitResidual = false,
): Checkpoint {
  const zeros = new Set<string>();
  const makers = new Map<string, (values: Float32Array) => void>();
  const tensors = new Map<string, StoredTensor>();
  for (const module of modulesOf(root)) {
    if (module.type === "BasicBlock") zeros.add(`${module.name}.bn2.weight`);
    if (module.type === "Bottleneck") zeros.add(`${module.name}.bn3.weight`);
    for (const { name, shape } of tensorsOf(module)) {
      tensors.set(name, { shape, dtype: "float32" });
      makers.set(name, (values) => {
        const next = uniform(hash(name, seed));
        if (module.type === "Conv2d") {
          // Not divided by groups: torch takes it from the filter's first axis.
          const fanOut = module.outChannels * module.kernelSize ** 2;
          fillNormal(values, Math.sqrt(2 / fanOut), next);
        } else if (module.type === "Linear") {
          const bound = 1 / Math.sqrt(module.inFeatures);
          values.forEach((_, i) => values[i] = (2 * next() - 1) * bound);
        } else {
          const isZero = zeroInitResidual && zeros.has(name);
          const one = /weight|running_var/.test(name) && !isZero;
          values.fill(one ? 1 : 0);
        }
      });
    }
  }
  return {
    source: `initial weights (seed ${seed})`,
    tensors,
    read(name) {
      const { shape } = tensors.get(name)!;
      const values = new Float32Array(elementCount(shape));
      makers.get(name)!(values);
      return Promise.resolve(values);
    },
    close() {},
  };
}
