/**
 * How libraries and scripts name the tensors of one and the same ResNet.
 *
 * @module
 */

/** A naming scheme. Paths are those below a network's prefix. */
export interface Naming {
  /** Paths of the first filter; ResNet-D has three convolutions there. */
  readonly stems: readonly string[];
  /** The path of torchvision's `layer1.0.conv1.weight`. */
  readonly firstBlock: string;
  /** torchvision's name for a path; a path of something else comes back as it is. */
  readonly toTorchvision: (path: string) => string;
}

/** `[pattern, replacement]` pairs, of which the first that matches is applied. */
const replacing =
  (...pairs: readonly (readonly [RegExp, string])[]) => (path: string) => {
    const [pattern, by] = pairs.find(([pattern]) => pattern.test(path)) ?? [];
    return pattern ? path.replace(pattern, by!) : path;
  };

/** torchvision's own, which are timm's. */
const torchvision: Naming = {
  stems: ["conv1.weight", "conv1.0.weight"],
  firstBlock: "layer1.0.conv1.weight",
  toTorchvision: (path) => path,
};

/** `nn.Sequential(*model.children())`, with or without its last ones. */
const sequential: Naming = {
  stems: ["0.weight", "0.0.weight"],
  firstBlock: "4.0.conv1.weight",
  toTorchvision: (path) =>
    path.replace(
      /^[014567]\./,
      (part) =>
        part === "0."
          ? "conv1."
          : part === "1."
          ? "bn1."
          : `layer${Number(part[0]) - 3}.`,
    ),
};

/** `layer0 = nn.Sequential(conv1, bn1, relu, maxpool)`. */
const layer0: Naming = {
  stems: ["layer0.0.weight"],
  firstBlock: "layer1.0.conv1.weight",
  toTorchvision: replacing([/^layer0\.0\./, "conv1."], [
    /^layer0\.1\./,
    "bn1.",
  ]),
};

const transformersPaths = (root: string) => (path: string) => {
  const [, head] = /^classifier\.1\.(\w+)$/.exec(path) ?? [];
  if (head !== undefined) return `fc.${head}`;
  if (!path.startsWith(root)) return path;
  return path.slice(root.length)
    .replace(/^embedder\.embedder\.convolution\./, "conv1.")
    .replace(/^embedder\.embedder\.normalization\./, "bn1.")
    .replace(
      /^encoder\.stages\.(\d)\.layers\./,
      (_, stage) => `layer${Number(stage) + 1}.`,
    )
    .replace(/\.shortcut\.convolution\./, ".downsample.0.")
    .replace(/\.shortcut\.normalization\./, ".downsample.1.")
    .replace(
      /\.layer\.(\d)\.(convolution|normalization)\./,
      (_, i, kind) =>
        `.${kind === "convolution" ? "conv" : "bn"}${Number(i) + 1}.`,
    );
};

/** transformers' `ResNetModel`, under `resnet.` in its `ResNetForImageClassification`. */
const transformers = (root: string): Naming => ({
  stems: [`${root}embedder.embedder.convolution.weight`],
  firstBlock: `${root}encoder.stages.0.layers.0.layer.0.convolution.weight`,
  toTorchvision: transformersPaths(root),
});

/**
 * All of them; the first that fits a tensor counts.
 *
 * @see transformers 4.30, `models/resnet/modeling_resnet.py`.
 */
export const namings: readonly Naming[] = [
  torchvision,
  layer0,
  sequential,
  transformers("resnet."),
  transformers(""),
];
