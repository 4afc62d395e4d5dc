import { checked } from "./checked.ts";
import { textWidth } from "./stroke_font.ts";

/** How a grid of feature maps is laid out. */
export interface GridLayoutOptions {
  /** Maps in a row. Default: few empty cells in a picture between square and twice as wide. */
  readonly columns?: number;
  /**
   * Pixels for a map's longer side: maps are enlarged by the largest whole factor that fits, and
   * never reduced. Default: such that the longer side of all maps together is at most 2000, if it
   * can be.
   */
  readonly cell?: number;
  /** Pixels between two maps, white. Default 2. */
  readonly gap?: number;
  /** Whether the number of each map's channel stands above it. Default false. */
  readonly labels?: boolean;
}

/** Where the maps go, in pixels. */
export interface GridLayout {
  /** Size of the picture. */
  readonly width: number;
  readonly height: number;
  /** Side of the square that a value becomes. */
  readonly scale: number;
  /** Height of a label's digits. */
  readonly textHeight: number;
  /** The left edge of a map and of its label, and the upper edge of each. */
  place(index: number): { left: number; labelTop: number; top: number };
}

const TARGET_SIDE = 2000;
const MAX_PIXELS = 100_000_000;

/**
 * Lays out maps of one size with their labels.
 *
 * @param channels What the labels say, one for each map.
 * @throws {RangeError} If an option is out of bounds, or the picture would be too large.
 */
export function layOutGrid(
  [mapHeight, mapWidth]: readonly number[],
  channels: readonly number[],
  options: GridLayoutOptions,
): GridLayout {
  const count = channels.length;
  const columns = checked(
    "columns",
    options.columns ?? bestColumns(count, mapHeight / mapWidth),
    1,
    count,
  );
  const rows = Math.ceil(count / columns);
  const gap = checked("gap", options.gap ?? 2, 0, TARGET_SIDE);
  const wanted = options.cell === undefined
    ? Math.min(
      (TARGET_SIDE - (columns - 1) * gap) / (columns * mapWidth),
      (TARGET_SIDE - (rows - 1) * gap) / (rows * mapHeight),
    )
    : checked("cell", options.cell, 1, MAX_PIXELS) /
      Math.max(mapHeight, mapWidth);
  const scale = Math.max(1, Math.floor(wanted));
  const cell = { width: mapWidth * scale, height: mapHeight * scale };
  const textHeight = Math.floor(
    Math.min(24, Math.max(8, Math.min(cell.width, cell.height) / 9)),
  );
  // A label stands nearer to its own map than to the one above.
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
    throw new RangeError(
      `cannot draw ${count} maps: the picture would have ${width}x${height} ` +
        `pixels, ${MAX_PIXELS} in all are allowed`,
    );
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

/** Of the widths from square to twice as wide as high, the one with the fewest empty cells. */
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
