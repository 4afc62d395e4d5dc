/**
 * The stages of the network's column.
 *
 * @module
 */

/** A stage and its nodes. */
export interface Stage {
  readonly title: string;
  /** The last module of the stage. */
  readonly module: string;
  /** The node that its button shows. */
  readonly node: string;
  readonly nodes: readonly string[];
}

/** Stem, pooling, the four layers and the head; only those that the network has. */
export function stages(nodes: readonly string[]): Stage[] {
  // ResNet-D has timm's names.
  const relu = nodes.includes("act1") ? "act1" : "relu";
  const pool = nodes.includes("avgpool") ? "avgpool" : "global_pool.pool";
  const parts: [title: string, module: string, nodes: RegExp][] = [
    ["stem", relu, /^(conv1(\.\d)?|bn1|relu|act1)$/],
    ["maxpool", "maxpool", /^maxpool$/],
    ["layer1", "layer1", /^layer1\./],
    ["layer2", "layer2", /^layer2\./],
    ["layer3", "layer3", /^layer3\./],
    ["layer4", "layer4", /^layer4\./],
    ["avgpool", pool, /^(avgpool|flatten|global_pool\.\w+)$/],
    ["fc", "fc", /^fc$/],
  ];
  return parts.flatMap(([title, module, pattern]) => {
    const own = nodes.filter((node) => pattern.test(node));
    if (own.length === 0) return [];
    const node = title === "avgpool" ? own[0] : own.at(-1)!;
    return [{ title, module, node, nodes: own }];
  });
}
