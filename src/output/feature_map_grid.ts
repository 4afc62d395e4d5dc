import type { Image } from "../image/image.ts";
import { colorMap, type ColorMapName } from "./color_map.ts";
import type { ShapedArray } from "./layout.ts";

/** How {@linkcode drawFeatureMapGrid} lays out and colours the maps. */
export interface FeatureMapGridOptions {
  /** How many maps are drawn, from the first on. Default: all. */
  readonly maps?: number;
  /** Maps in a row. Default: few empty cells in a picture between square and twice as wide. */
  readonly columns?: number;
  /**
   * Pixels for a map's longer side: maps are enlarged by the largest whole factor that fits, and
   * never reduced. Default: such that the picture's longer side is at most 2000, if it can be.
   */
  readonly cell?: number;
  /** Pixels between two maps, white. Default 2. */
  readonly gap?: number;
  /** Default `"viridis"`. */
  readonly colorMap?: ColorMapName;
}

/** Where the maps go, in pixels. */
interface Layout {
  /** How many maps are drawn. */
  readonly count: number;
  readonly columns: number;
  /** Side of the square that a value becomes. */
  readonly scale: number;
  readonly gap: number;
  /** Size of the picture. */
  readonly width: number;
  readonly height: number;
}

const TARGET_SIDE = 2000;
const MAX_PIXELS = 100_000_000;

/**
 * Draws feature maps side by side, from the left and then down, each scaled to its own range.
 *
 * A map's least value has the colour map's first colour, its greatest the last; a constant map has
 * the first all over. Values that are not finite are grey and do not count for the range.
 *
 * @param maps The feature maps of one picture, `[H, W, C]`.
 * @throws {TypeError} If `data` and `shape` don't fit together.
 * @throws {RangeError} If an option is out of bounds.
 */
export async function drawFeatureMapGrid(
  maps: ShapedArray,
  options: FeatureMapGridOptions = {},
): Promise<Image> {
  checkMaps(maps);
  const [mapHeight, mapWidth, channels] = maps.shape;
  const { count, columns, scale, gap, width, height } = layOut(maps, options);
  const palette = new Uint8Array((NOT_FINITE + 1) * 3).fill(128);
  palette.set(await colorMap(options.colorMap ?? "viridis"));
  const { lows, highs } = rangesOf(maps, count);
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let map = 0; map < count; map++) {
    const left = map % columns * (mapWidth * scale + gap);
    const top = Math.floor(map / columns) * (mapHeight * scale + gap);
    for (let y = 0; y < mapHeight; y++) {
      const lineStart = ((top + y * scale) * width + left) * 3;
      let at = lineStart;
      for (let x = 0; x < mapWidth; x++) {
        const value = maps.data[(y * mapWidth + x) * channels + map];
        const color = 3 * colorIndex(value, lows[map], highs[map]);
        for (let i = 0; i < scale; i++) {
          data[at++] = palette[color];
          data[at++] = palette[color + 1];
          data[at++] = palette[color + 2];
        }
      }
      for (let i = 1; i < scale; i++) {
        data.copyWithin(lineStart + i * width * 3, lineStart, at);
      }
    }
  }
  return { width, height, data };
}

/** Place in the palette for what is no number; 0..255 are the colour map's. */
const NOT_FINITE = 256;

function colorIndex(value: number, low: number, high: number): number {
  if (!Number.isFinite(value)) return NOT_FINITE;
  if (low === high) return 0;
  return Math.min(255, Math.floor((value - low) / (high - low) * 256));
}

/** The least and the greatest finite value of each map. */
function rangesOf({ data, shape }: ShapedArray, count: number) {
  const lows = new Float32Array(count).fill(Infinity);
  const highs = new Float32Array(count).fill(-Infinity);
  const channels = shape[2];
  for (let at = 0; at < data.length; at += channels) {
    for (let map = 0; map < count; map++) {
      const value = data[at + map];
      if (!Number.isFinite(value)) continue;
      if (value < lows[map]) lows[map] = value;
      if (value > highs[map]) highs[map] = value;
    }
  }
  return { lows, highs };
}

function layOut(
  { shape: [mapHeight, mapWidth, channels] }: ShapedArray,
  options: FeatureMapGridOptions,
): Layout {
  const count = checked("maps", options.maps ?? channels, 1, channels);
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
  const width = columns * (mapWidth * scale + gap) - gap;
  const height = rows * (mapHeight * scale + gap) - gap;
  if (width * height > MAX_PIXELS) {
    throw new RangeError(
      `cannot draw ${count} maps: the picture would have ${width}x${height} ` +
        `pixels, ${MAX_PIXELS} in all are allowed`,
    );
  }
  return { count, columns, scale, gap, width, height };
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

function checkMaps({ data, shape }: ShapedArray): void {
  if (shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new TypeError(
      `cannot draw feature maps: got shape [${shape.join(", ")}], ` +
        `[height, width, channels] is allowed`,
    );
  }
  const length = shape.reduce((a, b) => a * b);
  if (data.length !== length) {
    throw new TypeError(
      `cannot draw feature maps: got ${data.length} values for shape ` +
        `[${shape.join(", ")}], ${length} are allowed`,
    );
  }
}

function checked(
  name: string,
  value: number,
  least: number,
  most: number,
): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `cannot draw feature maps: ${name} is ${value}, ` +
        `integers from ${least} to ${most} are allowed`,
    );
  }
  return value;
}
