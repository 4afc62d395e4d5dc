import { printableLines } from "../errors/printable.ts";
import type { VectorFile } from "../extract/vector_file.ts";
import type { Pca } from "../fit/pca.ts";
import type { SimilarPicture } from "../extract/similar.ts";
import { command, type Io, required, type Values } from "./command.ts";
import { Failures } from "./failures.ts";
import { type FeatureKind, featuresLike } from "./features_like.ts";
import { openPca, pcaOption, requirePcaOf } from "./pca_option.ts";
import { integer, jsonOption, modelOptions } from "./options.ts";
import {
  filesOf,
  frameOptions,
  pictureFileOptions,
  pictureOperands,
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
  const isMap = shape !== undefined && shape.length > 1;
  const pool: FeatureKind["pool"] = isMap ? "none" : values.pool;
  const kind = { path, layer, about, pool, pca };
  const features = featuresLike(kind, images, values, io);
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

function table({ image, similar = [] }: Result): string {
  const line = ({ path, score }: SimilarPicture) =>
    `${score.toFixed(4).padStart(9)}  ${path}\n`;
  return `${image}\n${similar.map(line).join("")}`;
}
