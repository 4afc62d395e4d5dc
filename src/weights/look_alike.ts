/**
 * What a file looks like that isn't the network that was asked for.
 *
 * @module
 */

import { cutNetwork } from "../arch/cut_network.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { compareTensors, isComplete } from "./differences.ts";
import { guessRow } from "./guess_row.ts";

type Tensors = Checkpoint["tensors"];

/** Names of tensors that tell a network that isn't a ResNet, or a changed one. */
const SIGNS: readonly (readonly [sign: RegExp, what: string])[] = [
  [/(^|\.)attnpool\./, "CLIP's ResNet, with a deep stem and attention pooling"],
  [/(^|\.)blocks\.0\.attn\.qkv\./, "a ViT"],
  [
    /(^|\.)res2\.0\.conv1\./,
    "detectron2's ResNet, which names its stages res2 to res5",
  ],
  [/(^|\.)layer1\.0\.(bn0|prelu)\./, "an IResNet, with PReLU"],
  [/(^|\.)layer\d\.\d+\.(se|se_module)\.fc/, "an SE-ResNet"],
  [/(^|\.)layer\d\.\d+\.se\.conv\./, "an ECA-ResNet"],
  [/(^|\.)layer1\.0\.convs\.0\./, "a Res2Net"],
  [
    /\.lora_[AB]\./,
    "a network with LoRA that isn't merged; save model.merge_and_unload()",
  ],
  [/(^|\.)layer[12]\.0\.shortcut\./, "a ResNet for CIFAR"],
];

/** Parametrised filters, and the call that removes the parametrisation. */
const PARAMETRISED: readonly (readonly [sign: RegExp, what: string])[] = [
  [
    /weight_g$/,
    "weight norm; call torch.nn.utils.remove_weight_norm on each module before saving",
  ],
  [
    /parametrizations\.weight\.original0$/,
    "weight norm; call torch.nn.utils.parametrize.remove_parametrizations on each module before saving",
  ],
  [
    /weight_u$/,
    "spectral norm; call torch.nn.utils.remove_spectral_norm on each module before saving",
  ],
  [
    /parametrizations\.weight\.0\._u$/,
    "spectral norm; call torch.nn.utils.parametrize.remove_parametrizations on each module before saving",
  ],
  [
    /weight_mask$/,
    "pruning; call torch.nn.utils.prune.remove on each module before saving",
  ],
];

/** The parametrisation that keeps a network's filters under other names, and one of the names. */
export function parametrisation(names: Iterable<string>): string | undefined {
  for (const name of names) {
    const [, what] = PARAMETRISED.find(([sign]) => sign.test(name)) ?? [];
    if (what !== undefined) return `${name} is of ${what}`;
  }
  return undefined;
}

/** What tensors that can't be read mean, and what to do. */
export function unreadable(tensors: Tensors): string | undefined {
  const dtypes = [...tensors.values()].map(({ dtype, shape }) =>
    /^float/.test(dtype) && `${shape}` === "0" ? "ZeRO-3" : dtype
  );
  const has = (sign: RegExp) => dtypes.some((dtype) => sign.test(dtype));
  if (has(/quantised/)) {
    return "its network is quantised; save float weights, or dequantize() each tensor";
  }
  if (has(/DTensor/)) {
    return "it holds a process's part of DTensors; save tensor.full_tensor() of each";
  }
  if (has(/ShardedTensor/)) {
    return "it holds a process's part of ShardedTensors; save the full state_dict (StateDictType.FULL_STATE_DICT)";
  }
  if (has(/ZeRO-3/)) {
    return "its tensors have length 0, as DeepSpeed's ZeRO-3 saves them; run zero_to_fp32.py in its folder";
  }
  return undefined;
}

/**
 * What a network looks like.
 *
 * @param tensors Under torchvision's names.
 * @param names Paths of all that stands beside them.
 * @param arch The name that isn't meant.
 */
export function looksLike(
  tensors: Tensors,
  names: readonly string[],
  arch: string | undefined,
): string | undefined {
  for (const [sign, what] of SIGNS) {
    if (names.some((name) => sign.test(name))) return what;
  }
  const stem = tensors.get("conv1.weight")?.shape;
  if (
    stem?.[2] === 3 &&
    !names.some((name) => name.endsWith("conv3.weight") && !/layer/.test(name))
  ) {
    return "a ResNet for CIFAR, whose first filters are 3x3";
  }
  try {
    const row = guessRow({ source: "", tensors });
    const network = cutNetwork(row, null);
    const differences = compareTensors({ tensors } as Checkpoint, network);
    const isThat = isComplete(differences) && differences.unknown.length === 0;
    return isThat && row.name !== arch ? row.name : undefined;
  } catch {
    return undefined; // It ends before layer4.
  }
}
