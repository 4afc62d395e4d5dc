import type { Comparison } from "../drawing/draw_comparison.ts";
import { printableLines } from "../errors/printable.ts";
import { command, UsageError } from "./command.ts";
import { layersOfNetworks, type Sides } from "./compare_networks.ts";
import { Failures } from "./failures.ts";
import { integer, jsonOption, runOptions } from "./options.ts";
import { openOutput } from "./output.ts";
import { frameOptions, threadedFileOptions } from "./picture_files.ts";

const options = {
  arch: {
    value: "A,B",
    help: "compare the layers of these networks, or of one, on pictures",
    list: true,
  },
  weights: {
    value: "A,B",
    help: "their weights: paths, URLs or names (empty: the default)",
    list: true,
  },
  layer: {
    value: "A,B",
    help: "the layers (default: all of a file; a network's stem and blocks)",
    list: true,
  },
  pool: {
    value: "KIND",
    help: "how a network's maps are pooled; none takes every value",
    choices: ["avg", "max", "catavgmax", "gem", "none"],
    default: "avg",
  },
  measure: {
    value: "NAME",
    help: "linear CKA, or the correlation of dissimilarity matrices",
    choices: ["cka", "rsa"],
    default: "cka",
  },
  biased: { help: "CKA: with bias, as for many more pictures than features" },
  batch: {
    value: "N",
    help: "CKA: compare N pictures at a time, and average",
    read: integer(4),
  },
  method: {
    value: "NAME",
    help: "RSA: how unlike two pictures are",
    choices: ["correlation", "cosine", "euclidean"],
    default: "correlation",
  },
  correlation: {
    value: "NAME",
    help: "RSA: how the matrices are correlated",
    choices: ["spearman", "pearson"],
    default: "spearman",
  },
  figure: { value: "FILE", help: "draw the table, .png" },
  ...jsonOption,
  ...threadedFileOptions,
  ...frameOptions,
  ...runOptions,
} as const;

/** `layertap compare`: layers against layers. */
export const compare = command({
  purpose: "compare the layers of networks by what they make of pictures",
  operands: ["<features|picture|folder|glob…>"],
  options,
  example: "layertap compare --arch resnet18,resnet50 photos --figure cka.png",
  async run({ values, operands, io }) {
    const { arch, weights, figure, json, biased, batch } = values;
    const { measure, method, correlation } = values;
    const output = figure === undefined
      ? undefined
      : await openOutput("--figure", figure, [".png"], 1, io);
    const failures = new Failures();
    const sides = arch ?? weights
      ? await layersOfNetworks(operands, values, failures, io)
      : await layersOfFiles(operands, values.layer);
    if (!sides) return failures.finish(io, 0);
    const { titles, layers, count } = sides;
    const { compareLayers } = await import("../compare/compare_layers.ts");
    const comparison = await compareLayers(...layers, {
      ...{ measure, method, correlation, batch },
      unbiased: !biased,
    });
    const [rowTitle, columnTitle] = titles;
    if (output) {
      const { drawComparison } = await import("../drawing/draw_comparison.ts");
      const { encodePng } = await import("../image/encode_png.ts");
      const style = { rowTitle, columnTitle };
      const drawing = await drawComparison(comparison, style);
      await output.write(await encodePng(drawing, { dpi: 300 }));
    }
    const print = figure === "-" ? io.stderr : io.stdout;
    const about = { measure, pictures: count, rowTitle, columnTitle };
    print.write(printableLines(
      json
        ? `${JSON.stringify({ ...about, ...comparison }, null, 2)}\n`
        : `${measure}, ${count} pictures; rows: ${rowTitle}, columns: ` +
          `${columnTitle}\n${table(comparison)}`,
    ));
    failures.finish(io, sides.total, "; the others are compared");
  },
});

/** The layers of one file of features, or of two for the pictures they share. */
async function layersOfFiles(
  files: readonly string[],
  names: readonly string[] | undefined,
): Promise<Sides> {
  if (files.length > 2) {
    throw new UsageError("expected one or two files of features, or --arch");
  }
  const { joinLayers, readLayers } = await import("../compare/layer_files.ts");
  const [a, b = a] = files;
  const first = await readLayers(a, names);
  if (b === a) {
    const { layers, paths: { length } } = first;
    const sides = [layers, layers] as const;
    return { titles: [a, a], layers: sides, count: length, total: length };
  }
  const joined = joinLayers(first, await readLayers(b, names));
  const [rows, columns] = joined.layers;
  const count = joined.paths.length;
  return { titles: [a, b], layers: [rows, columns], count, total: count };
}

function table({ rows, columns, values }: Comparison): string {
  const names = Math.max(...rows.map((name) => name.length));
  const widths = columns.map((name) => Math.max(name.length, 6));
  const line = (name: string, cells: readonly string[]) =>
    [
      name.padEnd(names),
      ...cells.map((text, j) => text.padStart(widths[j])),
    ].join("  ") + "\n";
  return line("", columns) +
    rows.map((name, i) =>
      line(name, values[i].map((value) => value.toFixed(3)))
    ).join("");
}
