/**
 * What `layertap picture` is asked for.
 *
 * @module
 */

import type { FeatureMapGridOptions } from "../maps/feature_map_grid.ts";
import type { OcclusionOptions } from "../maps/occlusion.ts";
import type { ColorMapName } from "../drawing/color_map.ts";
import { classOption } from "./class_option.ts";
import { count, oneOf, required, UsageError, type Values } from "./command.ts";
import { cutAfter, modelOptions, traceOf } from "./network.ts";

/** The options of `layertap picture`. */
export const pictureOptions = {
  out: { type: "string", value: "FILE", help: "the .png to write" },
  kind: {
    type: "string",
    value: "KIND",
    help: "grid (default), overlay, cam, gradcam, occlusion, similar",
  },
  layer: { type: "string", value: "NODE", help: "the node, e.g. layer4" },
  maps: { type: "string", value: "N", help: "grid: the first N maps" },
  strongest: { type: "string", value: "N", help: "grid: the N strongest maps" },
  channels: { type: "string", value: "A,B", help: "grid: these, from 0" },
  scale: {
    type: "string",
    value: "WHICH",
    help: "grid: colours over each map (default) or all",
  },
  labels: { type: "boolean", help: "grid: write channel numbers" },
  "color-bar": { type: "boolean", help: "grid: draw a colour bar" },
  channel: {
    type: "string",
    value: "N",
    help: "overlay, gradcam: default is the strongest",
  },
  class: {
    type: "string",
    value: "NAME",
    help: "cam, gradcam, occlusion: a class, or its number",
  },
  at: {
    type: "string",
    value: "ROW,COL",
    help: "similar: the position, default is the middle",
  },
  size: { type: "string", value: "N", help: "occlusion: pixels (default: 32)" },
  stride: {
    type: "string",
    value: "N",
    help: "occlusion: pixels (default: 16)",
  },
  "color-map": {
    type: "string",
    value: "NAME",
    help: "viridis (of grids), inferno (of others), magma, gray",
  },
  ...modelOptions,
} as const;

/** Which options are for some kinds of pictures only. */
const kinds = {
  grid: [
    "layer",
    "maps",
    "strongest",
    "channels",
    "scale",
    "labels",
    "color-bar",
  ],
  overlay: ["layer", "channel"],
  cam: ["class"],
  gradcam: ["layer", "class", "channel"],
  occlusion: ["class", "size", "stride"],
  similar: ["layer", "at"],
} as const;

/** A kind of picture. */
export type Kind = keyof typeof kinds;

/** A picture that can be drawn, as far as that can be said without the weights. */
export interface PictureRequest {
  readonly kind: Kind;
  readonly out: string;
  /** Empty for the kinds that have none. */
  readonly layer: string;
  readonly grid: FeatureMapGridOptions;
  readonly channel?: number;
  readonly classIndex?: number;
  readonly at?: readonly [number, number];
  readonly occlusion: Pick<OcclusionOptions, "size" | "stride">;
  readonly colorMap?: ColorMapName;
}

/**
 * Reads the options.
 *
 * @throws {UsageError} If one is missing, is for another kind of picture, or can't be read.
 */
export async function pictureRequest(
  values: Values<typeof pictureOptions>,
): Promise<PictureRequest> {
  const names = Object.keys(kinds) as Kind[];
  const kind = oneOf("kind", values.kind ?? "grid", names);
  const takes = (kind: Kind, option: string) =>
    (kinds[kind] as readonly string[]).includes(option);
  for (const option of new Set(Object.values(kinds).flat())) {
    if (values[option] === undefined || takes(kind, option)) continue;
    const others = names.filter((name) => takes(name, option));
    throw new UsageError(
      `--${option}: got --kind ${kind}, it is for ${others.join(", ")}`,
    );
  }
  const trace = traceOf(values.arch, values.weights);
  const layer = takes(kind, "layer") ? required("layer", values.layer) : "";
  if (layer) cutAfter(trace, [layer]);
  const [channel] = indices("channel", values.channel, "17", 1) ?? [];
  const classIndex = await classOption(values.class, trace);
  if (kind === "cam" && !trace.nodes.has("fc")) {
    throw new UsageError(
      "--kind cam: this network has no head, torchvision's ten have one",
    );
  }
  if (channel !== undefined && classIndex !== undefined) {
    throw new UsageError("--class and --channel: one of them is allowed");
  }
  const at = indices("at", values.at, "3,4", 2);
  const colorMap = values["color-map"];
  return {
    kind,
    out: required("out", values.out),
    layer,
    grid: {
      maps: count("maps", values.maps),
      strongest: count("strongest", values.strongest),
      channels: indices("channels", values.channels, "3,17,200"),
      scale: oneOf("scale", values.scale ?? "each", ["each", "all"]),
      labels: values.labels,
      colorBar: values["color-bar"],
    },
    channel,
    classIndex,
    at: at && [at[0], at[1]],
    occlusion: {
      size: count("size", values.size),
      stride: count("stride", values.stride),
    },
    colorMap: colorMap === undefined ? undefined : oneOf(
      "color-map",
      colorMap,
      ["viridis", "inferno", "magma", "gray"],
    ),
  };
}

/** Numbers from 0 with commas between them. */
function indices(
  name: string,
  value: string | undefined,
  example: string,
  howMany?: number,
): number[] | undefined {
  if (value === undefined) return undefined;
  const numbers = value.split(",");
  const fits = howMany === undefined || numbers.length === howMany;
  if (fits && numbers.every((number) => /^\d{1,9}$/.test(number))) {
    return numbers.map(Number);
  }
  throw new UsageError(
    `--${name}: got "${value}", numbers from 0 are allowed, as in ${example}`,
  );
}
