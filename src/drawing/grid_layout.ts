import { asIs, expected, requireInteger } from "../errors/expected.ts";
import { textWidth } from "./stroke_font.ts";

/** How to lay out a grid of feature maps. */
export interface GridLayoutOptions {
  /** Maps in a row. Default: few empty cells in a picture that is square to twice as wide. */
  readonly columns?: number;
  /**
   * Pixels for a map's longer side: maps are enlarged by the largest whole factor that fits, never
   * reduced. Default: so that the picture's longer side has at most 2000 pixels, if possible.
   */
  readonly cell?: number;
  /** White pixels between two maps. Default 2. */
  readonly gap?: number;
  /** Whether to write each map's channel number above it. Default false. */
  readonly labels?: boolean;
}

/** Where the maps go, in pixels. */
export interface GridLayout {
  /** Size of the picture. */
  readonly width: number;
  readonly height: number;
  /** Side of a value's square. */
  readonly scale: number;
  /** Height of a label's digits. */
  readonly textHeight: number;
  /** The left edge of a map and its label, and their upper edges. */
  place(index: number): { left: number; labelTop: number; top: number };
}

/** The longer side of a grid whose cells have the default size. */
const TARGET_SIDE = 2000;
const MAX_PIXELS = 100_000_000;

/**
 * Lays out maps of one size with their labels.
 *
 * @param channels The labels, one for each map.
 * @throws {RangeError} If an option is out of bounds, or the picture would be too large.
 */
export function layOutGrid(
  [mapHeight, mapWidth]: readonly number[],
  channels: readonly number[],
  options: GridLayoutOptions,
): GridLayout {
  const count = channels.length;
  const columns = requireInteger(
    "columns",
    options.columns ?? bestColumns(count, mapHeight / mapWidth),
    1,
    count,
  );
  const rows = Math.ceil(count / columns);
  const gap = requireInteger("gap", options.gap ?? 2, 0, TARGET_SIDE);
  const fitting = options.cell === undefined
    ? Math.min(
      (TARGET_SIDE - (columns - 1) * gap) / (columns * mapWidth),
      (TARGET_SIDE - (rows - 1) * gap) / (rows * mapHeight),
    )
    : requireInteger("cell", options.cell, 1, MAX_PIXELS) /
      Math.max(mapHeight, mapWidth);
  const scale = Math.max(1, Math.floor(fitting));
  const cell = { width: mapWidth * scale, height: mapHeight * scale };
  const textHeight = Math.floor(
    Math.min(24, Math.max(8, Math.min(cell.width, cell.height) / 9)),
  );
  // A label is nearer to its own map than to the one above.
  const [above, below] = [Math.ceil(textHeight / 2), Math.ceil(textHeight / 4)];
  let strip = 0;
  if (options.labels) {
    strip = above + textHeight + below;
    const widest = textWidth(`${Math.max(...channels)}`, textHeight);
    cell.width = Math.max(cell.width, widest + below);
  }
  const right = cell.width + gap, down = strip + cell.height + gap;
  const width = columns * right - gap;
  const height = rows * down - gap;
  if (width * height > MAX_PIXELS) {
    throw new RangeError(expected(
      `a grid of ${count} maps`,
      `at most ${MAX_PIXELS} pixels`,
      asIs(`${width}x${height}`),
      "draw fewer maps or a smaller cell",
    ));
  }
  const place = (index: number) => {
    const top = Math.floor(index / columns) * down;
    return {
      left: index % columns * right,
      labelTop: top + above,
      top: top + strip,
    };
  };
  return { width, height, scale, textHeight, place };
}

/** The width with the fewest empty cells, for a picture that is square to twice as wide as high. */
function bestColumns(count: number, mapAspect: number): number {
  const clamp = (columns: number) =>
    Math.min(count, Math.max(1, Math.ceil(columns)));
  const most = clamp(Math.sqrt(2 * count * mapAspect));
  let best = clamp(Math.sqrt(count * mapAspect));
  const empty = (columns: number) =>
    columns * Math.ceil(count / columns) - count;
  for (let columns = best; columns <= most; columns++) {
    if (empty(columns) <= empty(best)) best = columns;
  }
  return best;
}
