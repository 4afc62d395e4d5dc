/**
 * Tasks: the WebAssembly functions of the kernels, and the descriptors that they read.
 *
 * A descriptor is a row of 32-bit words on the heap, in the order given here. Each function takes
 * descriptor, chunk and thread; the chunks of a task run in any order on any thread. Addresses and
 * pitches are in bytes. The generator of the functions (`scripts/build_kernels.ts`) reads this file.
 *
 * @module
 */

/** How weights become float32; see `FilterFields`. */
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

const fill = [
  "filter", // OIHW, from channel `firstChannel` on.
  "firstChannel",
  "rowBytes", // Bytes of an output channel.
  "zeros", // As many zeros, for channels that pad a panel.
  "groupChannels",
  "ins",
  "taps",
  "panels",
  "panelsPerGroup",
  "firstPanel", // The panel of chunk 0.
  "values", // The result, [component][panel].
  "panelBytes", // Bytes of a panel of values.
  "dtype", // An index in `weightsDTypes`.
  "factors", // The values' factors, [component][panel][8]; not for float32.
  "floats", // For each thread: lines of a panel's components, then the panel if it is not float32.
  "floatsThread",
] as const;

/** Channels in a round of the convolution's loop: 7 for rows of 7x7 taps of a picture. */
export const channelSteps = [8, 7, 1] as const;

/** The names of the fields, by task; all are integers but `low`. */
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
    "spread", // Not 0 if each panel is two groups of four channels.
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
    "scale", // 0: neither scale nor bias.
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
  smallAvgPool: [
    "x",
    "height",
    "width",
    "channelBytes",
    "y",
    "outHeight",
    "outWidth",
    "stride",
    "all", // Whether pixels beyond the edge count, as zeros.
    "rows",
    "rowsPerChunk",
  ],
  avgPool: ["x", "pixels", "channelBytes", "y"], // A chunk is an image.
  scatter: [
    "x", // A few channels, adjacent.
    "count",
    "offsets", // The offset of each in a row of the output.
    "y",
    "rows",
    "rowBytes",
  ],
  expandRows: [
    "x", // Rows of float16 or int8.
    "xRowBytes",
    "dtype",
    "factors", // A float for each row.
    "y", // Rows of floats, four or more to a row.
    "yRowBytes",
    "rows",
    "rowsPerChunk",
  ],
  fillStored: fill,
  fillDirect: fill,
  fillWinograd2: fill,
  fillWinograd4: fill,
  expandPanels: ["values", "panelBytes", "dtype", "factors", "y", "floatBytes"],
} as const;

/** A task's name. */
export type TaskName = keyof typeof tasks;
/** The name of one of a task's fields. */
export type Field<T extends TaskName> = (typeof tasks)[T][number];
/** A task's descriptor. */
export type Fields<T extends TaskName> = Readonly<Record<Field<T>, number>>;

/** All names; threads know a task by its index. */
export const taskNames = Object.keys(tasks) as readonly TaskName[];
