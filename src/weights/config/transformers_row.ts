/**
 * transformers' ResNets.
 *
 * @see transformers 4.40, `models/resnet/configuration_resnet.py`.
 *
 * @module
 */

import { type ArchRow, archTable, withoutClasses } from "../../arch/table.ts";
import { expected } from "../../errors/expected.ts";
import type { Json } from "../../formats/json.ts";

/** The fields that this package has one value of. */
const FIXED = {
  embedding_size: 64,
  hidden_act: "relu",
  downsample_in_first_stage: false,
} as const;

/**
 * The row of a config of transformers' `ResNetModel`.
 *
 * @throws {RangeError} If it is another network; the message names the field.
 */
export function transformersRow(config: Json): ArchRow {
  for (const [key, value] of Object.entries(FIXED)) {
    const got = config[key] ?? value;
    if (got !== value) {
      throw new RangeError(expected(key, JSON.stringify(value), got));
    }
  }
  const isBasic = config.layer_type === "basic";
  const width = isBasic ? 64 : 256;
  const widths = [width, 2 * width, 4 * width, 8 * width];
  const hidden = config.hidden_sizes ?? widths;
  if (`${hidden}` !== `${widths}`) {
    throw new RangeError(
      expected("hidden_sizes", `[${widths.join(", ")}]`, hidden),
    );
  }
  const depths = config.depths ?? [3, 4, 6, 3];
  const block = isBasic ? "BasicBlock" : "Bottleneck";
  const known = [...archTable.values()].find((row) =>
    `${row.block},${row.layers}` === `${block},${depths}` &&
    !row.deepStem && !row.groups && !row.widthPerGroup
  );
  const channels = config.num_channels ?? 3;
  return {
    ...known ? withoutClasses(known) : {
      name: `ResNet(${block}, [${depths}])`,
      block,
      layers: depths as ArchRow["layers"],
    },
    ...config.downsample_in_bottleneck === true && { strideInConv1: true },
    ...channels !== 3 && { inChannels: channels as number },
  };
}
