/**
 * What is on the screen, and how the page's URL says it.
 *
 * @module
 */

/** A place in a node's maps. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** A place in one of the pictures: 0 is the left one, 1 the right one. */
export interface Mark extends Place {
  readonly side: number;
}

/** How the maps are sorted and coloured, and whether all are drawn. */
export interface GridOptions {
  readonly order: "strongest" | "channel";
  /** Whether each map has its own colour scale, or all share one. */
  readonly scale: "each" | "all";
  readonly all: boolean;
}

/** What the user chose to see. Of `map`, `evidence` and `mark`, the first is laid over the pictures. */
export interface Screen extends GridOptions {
  /** Names of one or two pictures. */
  readonly pictures: readonly string[];
  /** A node, or a stage of the network such as `layer3`. */
  readonly layer: string;
  /** The channel of a map. */
  readonly map?: number;
  /** A marked place, whose similar places are highlighted. */
  readonly mark?: Mark;
  /** The index of a class whose evidence is highlighted. */
  readonly evidence?: number;
  /** Default: the system's. */
  readonly theme?: "light" | "dark";
}

/** The screen of a page without a hash. */
export const firstScreen: Screen = {
  pictures: ["chelsea.png"],
  layer: "layer3",
  order: "strongest",
  scale: "each",
  all: false,
};

/** The hash of a screen's URL; empty for the first screen. */
export function formatScreen(screen: Screen): string {
  const { pictures, layer, map, mark, evidence, theme } = screen;
  const { order, scale, all } = screen;
  const first = firstScreen;
  const query = new URLSearchParams();
  const set = (key: string, value: unknown, usual?: unknown) => {
    if (value !== usual) query.append(key, `${value}`);
  };
  const [usual] = first.pictures;
  const isUsual = pictures.length === 1 && pictures[0] === usual;
  if (!isUsual) pictures.forEach((name) => set("picture", name));
  set("layer", layer, first.layer);
  set("map", map);
  set("place", mark && `${mark.row}-${mark.column}`);
  set("side", mark?.side || undefined);
  set("class", evidence);
  set("order", order, first.order);
  set("scale", scale, first.scale);
  set("show", all ? "all" : undefined);
  set("theme", theme);
  return query.size > 0 ? `#${query}` : "";
}

/** The screen of a hash. What it doesn't say, or says wrongly, is as on the first screen. */
export function parseScreen(hash: string): Screen {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const oneOf = <T extends string>(key: string, values: readonly T[]) =>
    values.find((value) => value === query.get(key));
  const pictures = query.getAll("picture").slice(0, 2);
  const [row, column] = /^(\d{1,4})-(\d{1,4})$/.exec(query.get("place") ?? "")
    ?.slice(1).map(Number) ?? [];
  const side = query.get("side") === "1" && pictures.length === 2 ? 1 : 0;
  return {
    pictures: pictures.length > 0 ? pictures : firstScreen.pictures,
    layer: query.get("layer") ?? firstScreen.layer,
    map: integer(query.get("map")),
    mark: row === undefined ? undefined : { side, row, column },
    evidence: integer(query.get("class")),
    order: oneOf("order", ["channel"]) ?? firstScreen.order,
    scale: oneOf("scale", ["all"]) ?? firstScreen.scale,
    all: query.get("show") === "all",
    theme: oneOf("theme", ["light", "dark"]),
  };
}

const integer = (text: string | null) =>
  text !== null && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
