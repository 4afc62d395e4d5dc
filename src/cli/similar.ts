import { requireOneOf } from "../errors/expected.ts";
import type { VectorFile } from "../extract/vector_file.ts";
import type { SimilarPicture } from "../extract/similar.ts";
import {
  command,
  type Io,
  required,
  UsageError,
  type Values,
} from "./command.ts";
import { openModel } from "./network.ts";
import { integer, jsonOption, modelOptions } from "./options.ts";
import { pictureFileOptions, readingOf } from "./picture_files.ts";

const options = {
  in: {
    value: "FILE",
    help: "extracted features: .parquet, .npz or .npy",
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
    choices: ["avg", "max"],
    default: "avg",
  },
  ...jsonOption,
  ...pictureFileOptions,
  ...modelOptions,
} as const;

/** `layertap similar`: the pictures of a file that look most like another. */
export const similar = command({
  purpose: "find similar pictures, by the cosine of their features",
  operands: ["<picture…>"],
  options,
  example: "layertap similar cat.jpg --in features.parquet --top 20",
  async run({ values, operands: images, io }) {
    const { openVectors } = await import("../extract/read_vectors.ts");
    const { similar } = await import("../extract/similar.ts");
    const { top, json } = values;
    const file = await openVectors(values.in, values.layer);
    try {
      const queries = await vectorsOf(images, file, values, io);
      const found = await similar(queries, file.rows(), { top });
      const results = found.map((similar, i) => ({
        image: images[i],
        similar,
      }));
      io.stdout.write(
        json
          ? `${JSON.stringify(results, null, 2)}\n`
          : results.map(table).join("\n"),
      );
    } finally {
      file.close();
    }
  },
});

/** The features of the pictures, made in the same way as those of the file. */
async function vectorsOf(
  images: readonly string[],
  { node, shape, about }: VectorFile,
  values: Values<typeof options>,
  io: Io,
): Promise<Float32Array[]> {
  const layer = node ?? required("layer", values.layer);
  const { arch = about.arch, in: path } = values;
  if (about.arch !== undefined && arch !== about.arch) {
    throw new UsageError(
      `--arch: "${path}" was made with ${about.arch}, not ${arch}`,
    );
  }
  const pool = about.pool ??
    (shape && shape.length > 1 ? "none" : values.pool);
  using model = await openModel({ ...values, arch }, [layer], io);
  const { extractFiles } = await import("../extract/extract_files.ts");
  const features = extractFiles(model, images, [layer], {
    layout: about.layout,
    ...readingOf(values, io),
    pool: requireOneOf("pool", pool, ["avg", "max", "none"]),
  });
  const vectors: Float32Array[] = [];
  for await (const { values, error } of features) {
    if (!values) throw error;
    const { data, shape: given } = values[layer];
    if (shape && `${shape}` !== `${given}`) {
      throw new TypeError(
        `cannot compare with "${path}": its "${layer}" has shape [${
          shape.join(", ")
        }], the network's has [${given.join(", ")}]`,
      );
    }
    vectors.push(data);
  }
  return vectors;
}

function table(
  { image, similar }: { image: string; similar: SimilarPicture[] },
): string {
  const line = ({ path, score }: SimilarPicture) =>
    `${score.toFixed(4).padStart(9)}  ${path}\n`;
  return `${image}\n${similar.map(line).join("")}`;
}
