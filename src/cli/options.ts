/**
 * Options that several commands share, and readers of values.
 *
 * @module
 */

import { poolings } from "../arch/pooling.ts";
import { presetOption } from "./preset_option.ts";
import { asIs, expected, requireInteger } from "../errors/expected.ts";

/** Reads an integer. */
export const integer = (least: number, most?: number) => (text: string) =>
  requireInteger("", isDigits(text) ? Number(text) : text, least, most);

/** Reads a decimal number. */
export const number = (least: number, most: number) => (text: string) => {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new RangeError(
    expected("", `a number from ${least} to ${most}`, asIs(text)),
  );
};

/** Reads integers from 0, separated by commas. */
export const integers = (example: string) => (text: string): number[] => {
  const parts = text.split(",");
  if (parts.every(isDigits)) return parts.map(Number);
  throw new RangeError(expected("", `integers such as ${example}`, text));
};

/** Reads the lines of a file. */
export async function readLines(path: string): Promise<string[]> {
  const { readBytes } = await import("../runtime/open_source.ts");
  const { bytes } = await readBytes(path);
  return new TextDecoder().decode(bytes).trimEnd().split(/\r?\n/);
}

/** Short names of data types. */
export const shortTypes = { f32: "float32", f16: "float16" } as const;

const isDigits = (text: string) => /^\d{1,9}$/.test(text);

/** The network whose weights are included. */
export const defaultArch = "mlnet_resnet18";

const arch = {
  value: "NAME",
  help: "the network (default: what --weights are of, " +
    `else ${defaultArch}, which is included)`,
} as const;

/** Where the network is in its file. */
export const prefixOption = {
  prefix: {
    value: "PATH",
    help: "of several networks in the weights, the one below this path",
  },
} as const;

/** For commands that look at a network without its weights. */
export const shapeOptions = {
  arch,
  weights: {
    value: "FILE",
    help: "show the network of these weights",
  },
  ...prefixOption,
  input: {
    value: "C,H,W",
    help: "size of the input",
    default: "3,224,224",
    read(text: string) {
      const [channels, height, width, ...rest] = text.split(",").map(Number);
      const isSize = channels === 3 && rest.length === 0 &&
        [height, width].every((n) => Number.isInteger(n) && n > 0 && n < 1e6);
      if (isSize) return [channels, height, width] as const;
      throw new RangeError(expected("", "3,height,width", text));
    },
  },
} as const;

/** For commands that run a network. */
export const runOptions = {
  threads: {
    value: "N",
    help: "number of threads, 1 to 8 (default: all cores)",
    read: integer(1, 8),
  },
  memory: {
    value: "KIND",
    help: "favour speed, or memory at up to twice the time",
    choices: ["fast", "small"],
    default: "fast",
  },
} as const;

/** For commands that load a network. */
export const modelOptions = {
  arch,
  weights: {
    value: "FILE",
    help: "path, URL or name of the weights " +
      "(default: included, or IMAGENET1K_V1)",
  },
  ...prefixOption,
  ...presetOption,
  ...runOptions,
} as const;

/** For commands that cut a network. */
export const cutOption = {
  layer: {
    value: "LAYER",
    help: "the last layer to keep (default: the whole network)",
  },
} as const;

/** For commands that print JSON on demand. */
export const jsonOption = { json: { help: "print JSON" } } as const;

/** For commands that write features. */
export const featureOptions = {
  layer: {
    value: "A,B",
    help: "the layers, e.g. layer4 or layer1.0.conv2,avgpool",
    list: true,
    required: true,
  },
  pool: {
    value: "KIND",
    help: "pool each map over height and width",
    choices: poolings,
    default: "none",
  },
  normalize: { help: "scale each vector to length 1" },
  layout: {
    value: "ORDER",
    help: "order of the values: PyTorch's or TensorFlow's",
    choices: ["nchw", "nhwc"],
    default: "nchw",
  },
  "json-values": {
    value: "FORM",
    help: "numbers in JSON Lines",
    choices: ["base64", "plain"],
    default: "base64",
  },
} as const;
