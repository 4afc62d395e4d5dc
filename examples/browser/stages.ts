/**
 * The network's stages, as its column shows them.
 *
 * @module
 */

/** A stage: the nodes that belong to it, and the one that it ends with. */
export interface Stage {
  /** What it is called. */
  readonly title: string;
  /** The module whose end is the stage's. */
  readonly module: string;
  /** The node that it shows. */
  readonly node: string;
  readonly nodes: readonly string[];
}

/** Stem, pooling, the four layers, and what is behind them, as far as there are nodes of them. */
export function stages(nodes: readonly string[]): Stage[] {
  const parts: [title: string, module: string, nodes: RegExp][] = [
    ["stem", "relu", /^(conv1|bn1|relu)$/],
    ["maxpool", "maxpool", /^maxpool$/],
    ["layer1", "layer1", /^layer1\./],
    ["layer2", "layer2", /^layer2\./],
    ["layer3", "layer3", /^layer3\./],
    ["layer4", "layer4", /^layer4\./],
    ["avgpool", "avgpool", /^(avgpool|flatten)$/],
    ["fc", "fc", /^fc$/],
  ];
  return parts.flatMap(([title, module, pattern]) => {
    const own = nodes.filter((node) => pattern.test(node));
    if (own.length === 0) return [];
    const node = title === "avgpool" ? own[0] : own.at(-1)!;
    return [{ title, module, node, nodes: own }];
  });
}
