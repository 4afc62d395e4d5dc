/**
 * timm's names of networks.
 *
 * @see timm 1.0, `timm/models/resnet.py`.
 *
 * @module
 */

import { type ArchRow, archTable } from "../../arch/table.ts";
import { expected } from "../../errors/expected.ts";
import { isRecord, type Json } from "../../formats/json.ts";

const DEPTHS: Readonly<Record<string, ArchRow["layers"]>> = {
  18: [2, 2, 2, 2],
  26: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
  200: [3, 24, 36, 3],
};

/** `resnet18`, `resnext50_32x4d`, `wide_resnet50_2`; ResNet-D ends its depth with `d`. */
const NAME =
  /^(?:(?:tv|ig|ssl|swsl)_)?(?:resnet(?<depth>\d+)(?<deep>d?)|resnext(?<depthX>\d+)(?<deepX>d?)_(?<groups>\d+)x(?<width>\d+)d|wide_resnet(?<depthW>\d+)_(?<wide>\d))$/;

/** Arguments of timm's constructor that change nothing in evaluation. */
const NEUTRAL = [
  "in_chans",
  "num_classes",
  "global_pool",
  "output_stride",
  "drop_rate",
  "drop_path_rate",
  "drop_block_rate",
  "zero_init_last",
];

/** What replaces strides by dilation for timm's `output_stride`. */
const DILATIONS: ReadonlyMap<unknown, ArchRow["replaceStrideWithDilation"]> =
  new Map([
    [32, undefined],
    [16, [false, false, true]],
    [8, [false, true, true]],
  ]);

/**
 * The row of a timm config.
 *
 * @throws {RangeError} If it is another network; the message names it.
 */
export function timmRow(config: Json): ArchRow {
  const name = (config.architecture as string).replace(/\..*$/, ""); // The tag.
  const row = named(name);
  if (row === undefined) {
    throw new RangeError(
      expected(
        "architecture",
        "resnet18 to resnet152, their ResNet-D forms, a ResNeXt or a wide ResNet",
        name,
      ),
    );
  }
  const args = isRecord(config.model_args) ? config.model_args : {};
  const other = Object.keys(args).find((key) => !NEUTRAL.includes(key));
  if (other !== undefined) {
    throw new RangeError(
      `model_args.${other}: a ${name} with another ${other} is another network`,
    );
  }
  const pool = args.global_pool ?? config.global_pool ?? "avg";
  if (pool !== "avg" && pool !== "") {
    throw new RangeError(expected("global_pool", `"avg"`, pool));
  }
  const stride = args.output_stride ?? 32;
  if (!DILATIONS.has(stride)) {
    throw new RangeError(expected("output_stride", "8, 16 or 32", stride));
  }
  const dilation = DILATIONS.get(stride);
  const inputSize = isRecord(config.pretrained_cfg)
    ? config.pretrained_cfg.input_size
    : config.input_size;
  const channels = args.in_chans ??
    (Array.isArray(inputSize) ? inputSize[0] : 3);
  return {
    ...row,
    ...dilation && { replaceStrideWithDilation: dilation },
    ...channels !== 3 && { inChannels: channels as number },
  };
}

/** The table's row, or a new one. */
function named(name: string): ArchRow | undefined {
  const groups = NAME.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const depth = groups.depth ?? groups.depthX ?? groups.depthW;
  const layers = DEPTHS[depth];
  if (layers === undefined) return undefined;
  const isDeep = Boolean(groups.deep || groups.deepX);
  const plain = name.replace(/^(?:tv|ig|ssl|swsl)_/, "");
  const known = archTable.get(plain);
  if (known) return known;
  return {
    name: plain,
    block: depth === "18" || depth === "34" ? "BasicBlock" : "Bottleneck",
    layers,
    ...groups.groups && {
      groups: Number(groups.groups),
      widthPerGroup: Number(groups.width),
    },
    ...groups.wide && { widthPerGroup: 64 * Number(groups.wide) },
    ...isDeep && { deepStem: true, avgDown: true },
  };
}
