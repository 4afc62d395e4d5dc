/**
 * The options of `layertap picture`.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import type { ResNet } from "../model/model.ts";
import { classIndexOf, requireHead } from "./class_option.ts";
import { type Option, required, UsageError, type Values } from "./command.ts";
import { knownNetwork } from "./network.ts";
import { integer, integers, modelOptions } from "./options.ts";
import { frameOptions, pictureFileOptions } from "./picture_files.ts";

const kinds = [
  "grid",
  "overlay",
  "cam",
  "gradcam",
  "occlusion",
  "similar",
] as const;

/** A kind of picture. */
export type Kind = (typeof kinds)[number];

/** An option that works only with some kinds. */
function only<const O extends Option>(of: readonly Kind[], option: O) {
  return { ...option, of, help: `${of.join(", ")}: ${option.help}` };
}

/** The options of `layertap picture`. */
export const pictureOptions = {
  out: {
    value: "FILE",
    help: "the .png to write, a folder for several, or - for stdout",
    required: true,
  },
  kind: {
    value: "KIND",
    help: "what to draw",
    choices: kinds,
    default: "grid",
  },
  layer: only(["grid", "overlay", "gradcam", "similar"], {
    value: "LAYER",
    help: "the layer, e.g. layer4",
  }),
  maps: only(["grid"], {
    value: "N",
    help: "the first N maps",
    read: integer(1),
  }),
  strongest: only(["grid"], {
    value: "N",
    help: "the N maps with the largest means",
    read: integer(1),
  }),
  channels: only(["grid"], {
    value: "A,B",
    help: "the maps with these numbers, from 0",
    read: integers("3,17,200"),
  }),
  scale: only(["grid"], {
    value: "WHICH",
    help:
      "one range of colours for each map, or for all (default: each, for maps of one value all)",
    choices: ["each", "all"],
  }),
  labels: only(["grid"], { help: "write the channel numbers" }),
  "color-bar": only(["grid"], { help: "draw a colour bar" }),
  channel: only(["overlay", "gradcam"], {
    value: "N",
    help: "the channel, from 0 (default: the strongest)",
    read: integer(0),
  }),
  class: only(["cam", "gradcam", "occlusion"], {
    value: "NAME",
    help: "the class or its number (default: the likeliest)",
  }),
  at: only(["similar"], {
    value: "ROW,COL",
    help: "the place to compare with (default: the centre)",
    read(text) {
      const [, row, column] = /^(\d{1,9}),(\d{1,9})$/.exec(text) ?? [];
      if (column) return [Number(row), Number(column)] as const;
      throw new RangeError(
        expected("", "a row and a column such as 3,4", text),
      );
    },
  }),
  size: only(["occlusion"], {
    value: "N",
    help: "side of the hidden square in pixels (default: 32)",
    read: integer(1),
  }),
  stride: only(["occlusion"], {
    value: "N",
    help: "pixels from one square to the next (default: 16)",
    read: integer(1),
  }),
  "color-map": {
    value: "NAME",
    help: "the colours, by default viridis for grids, else inferno",
    choices: ["viridis", "inferno", "magma", "gray"],
  },
  ...pictureFileOptions,
  ...frameOptions,
  ...modelOptions,
} as const;

/** What to draw, checked against the network. */
export type PictureRequest = Values<typeof pictureOptions> & {
  /** Empty for kinds without a layer. */
  readonly layer: string;
  /** The number of the class, from {@linkcode withClass}. */
  readonly classIndex?: number;
};

/**
 * Checks the options together, before the weights are loaded.
 *
 * @throws {UsageError} If one is missing, or does not fit the kind or the network.
 */
export async function pictureRequest(
  values: Values<typeof pictureOptions>,
): Promise<PictureRequest> {
  const { kind, channel } = values;
  for (const [name, option] of Object.entries(pictureOptions)) {
    if (!("of" in option) || option.of.includes(kind)) continue;
    if (values[name as keyof typeof values] === undefined) continue;
    throw new UsageError(
      `--${name} works only with --kind ${option.of.join(", ")}`,
    );
  }
  const takesLayer = pictureOptions.layer.of.includes(kind);
  const layer = takesLayer ? required("layer", values.layer) : "";
  if (channel !== undefined && values.class !== undefined) {
    throw new UsageError("choose --class or --channel, not both");
  }
  if (layer) knownNetwork(values, [layer]);
  const network = knownNetwork(values);
  if (!network || values.weights !== undefined) return { ...values, layer };
  const request = { ...values, layer };
  return await withClass(request, { layers: network.trace.root.children });
}

/**
 * Adds the number of the class, which only the weights may tell.
 *
 * @throws {UsageError} If the network has no head, or no such class.
 */
export async function withClass(
  request: PictureRequest,
  network: Pick<ResNet, "layers" | "labels">,
): Promise<PictureRequest> {
  if (request.kind === "cam") requireHead(network, "--kind cam");
  if (request.class === undefined) return request;
  const classIndex = await classIndexOf(request.class, network);
  return { ...request, classIndex };
}
