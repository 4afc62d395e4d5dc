import type { ArchRow } from "../../arch/table.ts";

/**
 * The row that the caller gives, with what only the config can say.
 *
 * @param source The weights' name, for messages.
 * @throws {TypeError} If the config names another network.
 */
export function configuredRow(
  given: ArchRow | undefined,
  config: ArchRow | undefined,
  source: string,
): ArchRow | undefined {
  if (!given || !config) return given ?? config;
  if (structureOf(given) !== structureOf(config)) {
    throw new TypeError(
      `"${source}" is ${config.name} by its config.json, not ${given.name}`,
    );
  }
  const { strideInConv1, replaceStrideWithDilation, inChannels } = config;
  return {
    ...strideInConv1 !== undefined && { strideInConv1 },
    ...replaceStrideWithDilation && { replaceStrideWithDilation },
    ...inChannels !== undefined && { inChannels },
    ...given,
  };
}

/** What two rows of the same network share. */
function structureOf(
  { block, layers, groups = 1, widthPerGroup = 64, ...row }: ArchRow,
): string {
  const isD = [row.deepStem ?? false, row.avgDown ?? false];
  return JSON.stringify([block, layers, groups, widthPerGroup, isD]);
}
