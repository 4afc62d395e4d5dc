/**
 * PyTorch's modules as plain data: the structure of a network, without weights or code.
 *
 * @module
 */

/** What every module has. */
export interface ModuleBase {
  /** Path from the root, as in `named_modules()`: `"layer1.0.conv2"`; the root's is `""`. */
  readonly name: string;
  /** The modules inside by their own names, in the order of registration. */
  readonly children: ReadonlyMap<string, Module>;
}

/** `torch.nn.Conv2d` without bias. */
export interface Conv2d extends ModuleBase {
  /** The module's class. */
  readonly type: "Conv2d";
  /** Channels of the input. */
  readonly inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** Height and width of the filter; the numbers below hold for both directions too. */
  readonly kernelSize: number;
  /** Step between two outputs, in pixels of the input. */
  readonly stride: number;
  /** Zeros on each side. */
  readonly padding: number;
  /** Step between two taps of the filter. */
  readonly dilation: number;
  /** Number of groups of channels, each convolved separately. */
  readonly groups: number;
}

/** `torch.nn.BatchNorm2d` in evaluation, eps 1e-5. */
export interface BatchNorm2d extends ModuleBase {
  /** The module's class. */
  readonly type: "BatchNorm2d";
  /** Channels. */
  readonly numFeatures: number;
}

/** `torch.nn.ReLU`. */
export interface ReLU extends ModuleBase {
  /** The module's class. */
  readonly type: "ReLU";
}

/** `torch.nn.MaxPool2d`; padding counts as minus infinity. */
export interface MaxPool2d extends ModuleBase {
  /** The module's class. */
  readonly type: "MaxPool2d";
  /** Height and width of the window. */
  readonly kernelSize: number;
  /** Step between two outputs, in pixels of the input. */
  readonly stride: number;
  /** On each side, in pixels. */
  readonly padding: number;
}

/** ResNet-D's pool of 2x2 pixels; at an edge that cuts it, its output still exists. */
export interface AvgPool2d extends ModuleBase {
  /** The module's class. */
  readonly type: "AvgPool2d";
  /** Height and width of the window. */
  readonly kernelSize: 2;
  /** Step between two outputs, in pixels of the input. */
  readonly stride: 1 | 2;
  /** Whether pixels beyond the edge count as zeros (timm's `AvgPool2dSame`), or not at all. */
  readonly countIncludePad: boolean;
}

/** `torch.nn.Identity`. */
export interface Identity extends ModuleBase {
  /** The module's class. */
  readonly type: "Identity";
}

/** `torch.nn.Flatten`. */
export interface Flatten extends ModuleBase {
  /** The module's class. */
  readonly type: "Flatten";
}

/** `torch.nn.AdaptiveAvgPool2d((1, 1))`. */
export interface AdaptiveAvgPool2d extends ModuleBase {
  /** The module's class. */
  readonly type: "AdaptiveAvgPool2d";
}

/** `torch.nn.Linear` with bias. */
export interface Linear extends ModuleBase {
  /** The module's class. */
  readonly type: "Linear";
  /** Length of an input. */
  readonly inFeatures: number;
  /** Length of an output. */
  readonly outFeatures: number;
}

/** `torch.nn.Sequential`, or timm's `SelectAdaptivePool2d`: calls its children in turn. */
export interface Sequential extends ModuleBase {
  /** The module's class. */
  readonly type: "Sequential" | "SelectAdaptivePool2d";
}

/** torchvision's `BasicBlock` or `Bottleneck`: adds a branch of convolutions to its input. */
export interface Block extends ModuleBase {
  /** The module's class. */
  readonly type: "BasicBlock" | "Bottleneck";
}

/** The root: torchvision's `ResNet`. */
export interface ResNetRoot extends ModuleBase {
  /** The module's class. */
  readonly type: "ResNet";
}

/**
 * A module; `type` tells which.
 *
 * A forward hook gets it as its first argument, and `model.layers` holds such modules.
 */
export type Module =
  | Conv2d
  | BatchNorm2d
  | ReLU
  | MaxPool2d
  | AvgPool2d
  | AdaptiveAvgPool2d
  | Identity
  | Flatten
  | Linear
  | Sequential
  | Block
  | ResNetRoot;

/** A module that computes a value itself; the others only call those inside them. */
export type Layer = Exclude<Module, Sequential | Block | ResNetRoot>;

/** The module and all inside it, in the order of `named_modules()`. */
export function* modulesOf(root: Module): Generator<Module> {
  yield root;
  for (const child of root.children.values()) yield* modulesOf(child);
}

/** Channels of a network's input. */
export function inChannelsOf(root: ResNetRoot): number {
  for (const module of modulesOf(root)) {
    if (module.type === "Conv2d") return module.inChannels;
  }
  throw new RangeError("the network has no convolution");
}

/** A parameter or buffer of a module, in the state dict. */
export interface TensorSpec {
  /** State-dict name: `"layer1.0.conv1.weight"`. */
  readonly name: string;
  /** Shape in PyTorch's order. */
  readonly shape: readonly number[];
  /** Whether it is a running statistic, which summaries don't count as a parameter. */
  readonly buffer: boolean;
}

/**
 * The tensors that a module itself owns, in the state dict's order.
 *
 * `num_batches_tracked` is left out: evaluation doesn't use it, and old files lack it.
 */
export function tensorsOf(module: Module): TensorSpec[] {
  const spec = (key: string, shape: number[], buffer = false) => ({
    name: `${module.name}.${key}`,
    shape,
    buffer,
  });
  switch (module.type) {
    case "Conv2d": {
      const { outChannels, inChannels, groups, kernelSize: k } = module;
      return [spec("weight", [outChannels, inChannels / groups, k, k])];
    }
    case "BatchNorm2d": {
      const shape = [module.numFeatures];
      return [
        spec("weight", shape),
        spec("bias", shape),
        spec("running_mean", shape, true),
        spec("running_var", shape, true),
      ];
    }
    case "Linear":
      return [
        spec("weight", [module.outFeatures, module.inFeatures]),
        spec("bias", [module.outFeatures]),
      ];
    case "ReLU":
    case "MaxPool2d":
    case "AvgPool2d":
    case "AdaptiveAvgPool2d":
    case "Identity":
    case "Flatten":
    case "Sequential":
    case "SelectAdaptivePool2d":
    case "BasicBlock":
    case "Bottleneck":
    case "ResNet":
      return [];
    default:
      return module satisfies never;
  }
}
