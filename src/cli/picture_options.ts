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
import { colorMapNames } from "../drawing/color_map.ts";
import { readWidth } from "../drawing/figure_width.ts";
import { integer, integers, modelOptions, number } from "./options.ts";
import { frameOptions, pictureFileOptions } from "./picture_files.ts";

const kinds = [
  "grid",
  "overlay",
  "cam",
  "gradcam",
  "gradcam++",
  "occlusion",
  "similar",
] as const;

/** A kind of picture. */
export type Kind = (typeof kinds)[number];

/** An option that works only with some kinds. */
function only<const O extends Option>(of: readonly Kind[], option: O) {
  return { ...option, of, help: `${of.join(", ")}: ${option.help}` };
}

/** An option that works with all kinds but grids. */
function map<const O extends Option>(option: O) {
  return { ...option, of: kinds.slice(1) };
}

/** The options of `layertap picture`. */
export const pictureOptions = {
  out: {
    value: "FILE",
    help: "the .png to write; of several grids, a folder; or - for stdout",
    required: true,
  },
  kind: {
    value: "KIND",
    help: "what to draw; grid by default, overlay for several layers",
    choices: kinds,
  },
  layer: {
    value: "A,B",
    help: "the layer, e.g. layer4; of maps over a picture also several",
    of: ["grid", "overlay", "gradcam", "gradcam++", "similar"],
    list: true,
  },
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
  labels: only(["grid"], { help: "write the channel numbers" }),
  channel: only(["overlay", "gradcam", "gradcam++"], {
    value: "N",
    help: "the channel, from 0 (default: the strongest)",
    read: integer(0),
  }),
  class: only(["cam", "gradcam", "gradcam++", "occlusion"], {
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
  scale: {
    value: "WHICH",
    help: "maps that share a range of colours; grids know each and all " +
      "(default: each, for grids of maps of one value all)",
    choices: ["each", "row", "column", "all"],
  },
  "color-map": {
    value: "NAME",
    help: "the colours, by default viridis for grids, else inferno, and " +
      "RdBu_r for values of both signs",
    choices: colorMapNames,
  },
  "color-bar": { help: "draw a colour bar, as figures of several maps do" },
  alpha: map({
    value: "A",
    help: "weight of a map's colours, 0 to 1 (default: 0.5, with --fade 0.8)",
    read: number(0, 1),
  }),
  fade: map({ help: "let the picture show where the map is low" }),
  original: map({ help: "put the picture itself beside its maps" }),
  width: map({
    value: "W",
    help: "width in pixels, or as 85mm (default: the picture's own, of " +
      "figures of several maps 174mm)",
    read: readWidth,
  }),
  dpi: {
    value: "N",
    help: "pixels per inch, also of the text (default: 300)",
    read: number(1, 1e5),
  },
  "font-size": map({
    value: "PT",
    help: "size of a figure's text (default: 7)",
    read: number(1, 1000),
  }),
  ...pictureFileOptions,
  ...frameOptions,
  ...modelOptions,
} as const;

/** What to draw, checked against the network. */
export type PictureRequest = Values<typeof pictureOptions> & {
  readonly kind: Kind;
  /** Empty for kinds without a layer. */
  readonly layers: readonly string[];
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
  const several = (values.layer?.length ?? 0) > 1;
  const { kind = several ? "overlay" : "grid", channel } = values;
  for (const [name, option] of Object.entries(pictureOptions)) {
    if (!("of" in option) || option.of.some((of) => of === kind)) continue;
    if (values[name as keyof typeof values] === undefined) continue;
    throw new UsageError(
      `--${name} works only with --kind ${option.of.join(", ")}`,
    );
  }
  const takesLayer = pictureOptions.layer.of.some((of) => of === kind);
  if (takesLayer) required("layer", values.layer?.join());
  const layers = takesLayer ? values.layer! : [];
  if (kind === "grid") {
    if (several) {
      throw new UsageError("--kind grid draws one layer; leave out --kind");
    }
    if (values.scale === "row" || values.scale === "column") {
      throw new UsageError(`--scale ${values.scale} doesn't fit --kind grid`);
    }
  }
  if (channel !== undefined && values.class !== undefined) {
    throw new UsageError("choose --class or --channel, not both");
  }
  for (const layer of layers) knownNetwork(values, [layer]);
  const network = knownNetwork(values);
  const request = { ...values, kind, layers };
  if (!network || values.weights !== undefined) return request;
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
