/**
 * The WebAssembly functions that threads are sent to, and what each reads from its descriptor.
 *
 * A descriptor is a row of 32-bit words in the heap, in the order given here. Each function has
 * the parameters descriptor, chunk and thread; the chunks of a task may run in any order and on
 * any thread. Addresses and pitches are in bytes. The generator of the functions
 * (`scripts/build_kernels.ts`) reads this file.
 *
 * @module
 */

/** How weights that aren't float32 become so; see `FilterFields`. */
const expansion = ["dtype", "factors", "floats", "floatsThread"] as const;

const winograd = [
  "x",
  "xImage",
  "zeros",
  "table",
  "tilesPerImage",
  "tiles",
  "tilesPerChunk",
  "depth",
  "v", // Transformed input, [xi][tile][channel].
  "vThread",
  "vXi",
  "u", // Transformed weights, [xi][panel][channel][8].
  "panelBytes",
  "panels",
  "panelsPerChunk",
  "m", // Their products, [xi][tile][channel].
  "mThread",
  "mXi",
  "y",
  "yImage",
  "rowBytes",
  "bias",
  "residual",
  "low",
  "tilesWide",
  "height",
  "width",
  "edge", // A tile of output for each thread.
  "edgeThread",
  ...expansion,
] as const;

const pack = [
  "filter", // OIHW, from its channel `firstChannel` on.
  "firstChannel",
  "rowBytes", // Of an output channel.
  "zeros", // As many, for channels that fill up a panel.
  "groupChannels",
  "ins",
  "taps",
  "panels",
  "panelsPerGroup",
  "firstPanel", // That of chunk 0.
  "values", // Packed, [component][panel].
  "panelBytes", // Of those.
  "dtype", // A number in `weightsDTypes`.
  "factors", // By which values are multiplied, [component][panel][8]; not for float32.
  "floats", // A panel's components for each thread; not for float32.
  "floatsThread",
] as const;

/** Channels that a round of the convolution's loop takes: 7 for rows of 7x7 taps of a picture. */
export const channelSteps = [8, 7, 1] as const;

/** Names of the fields, by task; `low` is a float. */
export const tasks = {
  convolve: [
    "x",
    "xImage",
    "groupBytes",
    "zeros",
    "table",
    "taps",
    "depth",
    "steps", // One of `channelSteps` that divides the channels in `depth`.
    "spread", // Not 0: each panel is two groups of four channels.
    "weights",
    "panelBytes",
    "panels",
    "panelsPerGroup",
    "panelsPerChunk",
    "groupChannels",
    "tiles",
    "tilesPerImage",
    "tilesPerChunk",
    "rowsPerImage",
    "bias",
    "y",
    "rowBytes",
    "residual",
    "low",
    "edge", // A tile of output for each thread.
    "edgeThread",
    ...expansion,
  ],
  pad: [
    "x",
    "height",
    "rowBytes",
    "y",
    "paddedHeight",
    "paddedRowBytes",
    "paddingRows",
    "paddingBytes",
    "rows",
    "rowsPerChunk",
  ],
  winogradInput2: winograd,
  winogradInput4: winograd,
  winogradProduct: winograd,
  winogradOutput2: winograd,
  winogradOutput4: winograd,
  winogradBlock2: winograd,
  winogradBlock4: winograd,
  pointwise: [
    "x",
    "y",
    "residual",
    "scale", // 0: none, and no bias.
    "bias",
    "low",
    "rows",
    "rowBytes",
    "rowsPerChunk",
  ],
  maxPool: [
    "x",
    "height",
    "width",
    "channelBytes",
    "y",
    "outHeight",
    "outWidth",
    "stride",
    "padding",
    "rows",
    "rowsPerChunk",
  ],
  avgPool: ["x", "pixels", "channelBytes", "y"], // A chunk is an image.
  scatter: [
    "x", // Some channels, one behind the other.
    "count",
    "offsets", // Where in a row of the output each of them goes.
    "y",
    "rows",
    "rowBytes",
  ],
  expandRows: [
    "x", // Rows of float16 or int8.
    "xRowBytes",
    "dtype",
    "factors", // A float for each row.
    "y", // The same as floats, four or more to a row.
    "yRowBytes",
    "rows",
    "rowsPerChunk",
  ],
  packStored: pack,
  packDirect: pack,
  packWinograd2: pack,
  packWinograd4: pack,
  unpack: ["values", "panelBytes", "dtype", "factors", "y", "floatBytes"],
} as const;

/** A task's name. */
export type TaskName = keyof typeof tasks;
/** A name of one of a task's fields. */
export type Field<T extends TaskName> = (typeof tasks)[T][number];
/** A task's descriptor. */
export type Fields<T extends TaskName> = Readonly<Record<Field<T>, number>>;

/** All names, in the order by which threads know them. */
export const taskNames = Object.keys(tasks) as readonly TaskName[];
