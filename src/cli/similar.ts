import { printableLines } from "../errors/printable.ts";
import type { VectorFile } from "../extract/vector_file.ts";
import type { Pca } from "../fit/pca.ts";
import type { SimilarPicture } from "../extract/similar.ts";
import {
  command,
  type Io,
  required,
  UsageError,
  type Values,
} from "./command.ts";
import { Failures } from "./failures.ts";
import { openModel } from "./network.ts";
import { openPca, pcaOption, requirePcaOf } from "./pca_option.ts";
import { requireSameWeights } from "./same_weights.ts";
import { integer, jsonOption, modelOptions } from "./options.ts";
import {
  filesOf,
  frameOptions,
  pictureFileOptions,
  pictureOperands,
  readingOf,
} from "./picture_files.ts";

const options = {
  in: {
    value: "FILE",
    help: "extracted features: .parquet, .npz, .npy or .safetensors",
    required: true,
  },
  layer: {
    value: "LAYER",
    help: "the layer to compare (default: the only one in the file)",
  },
  top: {
    value: "N",
    help: "number of pictures to print",
    default: "10",
    read: integer(1),
  },
  pool: {
    value: "KIND",
    help: "how the file's features were pooled, if it does not say",
    choices: ["avg", "max", "catavgmax", "gem"],
    default: "avg",
  },
  ...pcaOption,
  ...jsonOption,
  ...pictureFileOptions,
  ...frameOptions,
  ...modelOptions,
} as const;

/** `layertap similar`: the pictures of a file that look most like another. */
export const similar = command({
  purpose: "find similar pictures, by the cosine of their features",
  operands: pictureOperands,
  options,
  example: "layertap similar cat.jpg --in features.parquet --top 20",
  async run({ values, operands, io }) {
    const { openVectors } = await import("../extract/read_vectors.ts");
    const { similar } = await import("../extract/similar.ts");
    const { projectRows } = await import("../extract/project_rows.ts");
    const { top, json } = values;
    const failures = new Failures();
    const images = await filesOf(operands, io, failures);
    if (images.length === 0) return failures.finish(io, 0);
    const pca = await openPca(values.pca);
    const file = await openVectors(values.in, values.layer);
    try {
      const { about, node } = file;
      if (pca || about.pca !== undefined) {
        await requirePcaOf(values.in, about, node, pca);
      }
      const queries = await queriesOf(images, file, values, pca, io);
      for (const { error } of queries) if (error) failures.picture(error);
      const vectors = queries.flatMap(({ vector }) => vector ?? []);
      const rows = pca && about.pca === undefined
        ? projectRows(file.rows(), pca)
        : file.rows();
      const found = vectors.length > 0
        ? await similar(vectors, rows, { top })
        : [];
      const results = queries.map(({ image, error }): Result =>
        error
          ? { image, error: error.message }
          : { image, similar: found.shift()! }
      );
      if (vectors.length > 0) {
        io.stdout.write(printableLines(
          json
            ? `${JSON.stringify(results, null, 2)}\n`
            : results.filter(({ similar }) => similar).map(table).join("\n"),
        ));
      }
      failures.finish(io, queries.length);
    } finally {
      file.close();
    }
  },
});

/** The most similar pictures to one, or why there are none. */
interface Result {
  readonly image: string;
  readonly similar?: SimilarPicture[];
  readonly error?: string;
}

/** A picture's features, or why it has none. */
interface Query {
  readonly image: string;
  readonly vector?: Float32Array;
  readonly error?: Error;
}

/** The features of the pictures, made in the same way as those of the file. */
async function queriesOf(
  images: readonly string[],
  file: VectorFile,
  values: Values<typeof options>,
  pca: Pca | undefined,
  io: Io,
): Promise<Query[]> {
  const { node, shape, about } = file;
  const layer = node ?? required("layer", values.layer);
  const { in: path } = values;
  const pool = about.pool ??
    (shape && shape.length > 1 ? "none" : values.pool);
  const choice = await networkFor(file, values);
  using model = await openModel(
    { ...values, ...choice },
    [layer],
    io,
    about.preset,
  );
  await requireSameWeights(model, layer, about, path, io);
  const { extractFiles } = await import("../extract/extract_files.ts");
  const reading = readingOf(values, io);
  const features = extractFiles(model, images, [layer], {
    layout: about.layout,
    ...reading,
    region: reading.region ?? about.region,
    crop: reading.crop ?? about.crop,
    ...about.draft && { draft: true },
    ...about.exifOrientation && { exifOrientation: true },
    pool,
    pca,
  });
  const queries: Query[] = [];
  for await (const { path: image, values, error } of features) {
    if (!values) {
      queries.push({ image, error });
      continue;
    }
    const { data, shape: given } = values[layer];
    const isProjectedLater = pca && about.pca === undefined;
    if (shape && !isProjectedLater && `${shape}` !== `${given}`) {
      throw new TypeError(
        `cannot compare with "${path}": its "${layer}" has shape [${
          shape.join(", ")
        }], the network's has [${given.join(", ")}]`,
      );
    }
    queries.push({ image, vector: data });
  }
  return queries;
}

/** The weights given, else those that the file names, if they need no search. */
export async function networkFor(
  { about }: {
    readonly about: { readonly arch?: string; readonly weights?: string };
  },
  { arch, weights, in: path }: {
    readonly arch?: string;
    readonly weights?: string;
    readonly in: string;
  },
): Promise<{ arch?: string; weights?: string }> {
  if (about.arch !== undefined && arch !== undefined && arch !== about.arch) {
    throw new UsageError(
      `--arch: "${path}" was made with ${about.arch}, not ${arch}`,
    );
  }
  const name = weights ?? about.weights;
  const { weightsTable } = await import("../weights/table.ts");
  const { archTable } = await import("../arch/table.ts");
  const isEntry = name === undefined ||
    weightsTable.some((entry) => entry.name === name);
  if (isEntry && (arch ?? about.arch) !== undefined) {
    if (arch === undefined && !archTable.has(about.arch!)) {
      throw madeWith(path, about.arch!);
    }
    return { arch: arch ?? about.arch, weights: name };
  }
  if (weights === undefined && name !== undefined && !await isPath(name)) {
    throw madeWith(path, name);
  }
  return { arch, weights: name };
}

/** Whether it is a local path. A file of features sends no requests. */
async function isPath(name: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  return await stat(name).then(() => true, () => false);
}

function madeWith(path: string, name: string): UsageError {
  return new UsageError(
    `"${path}" was made with "${name}"; choose these weights with --weights`,
  );
}

function table({ image, similar = [] }: Result): string {
  const line = ({ path, score }: SimilarPicture) =>
    `${score.toFixed(4).padStart(9)}  ${path}\n`;
  return `${image}\n${similar.map(line).join("")}`;
}
