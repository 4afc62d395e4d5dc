import type { VectorFile } from "../extract/read_vectors.ts";
import type { SimilarPicture } from "../extract/similar.ts";
import {
  type Command,
  count,
  type Io,
  oneOf,
  parse,
  required,
  UsageError,
  type Values,
} from "./command.ts";
import { modelOptions, openModel } from "./network.ts";

const options = {
  in: {
    type: "string",
    value: "FILE",
    help: "what was extracted: .parquet, .npz or .npy",
  },
  layer: {
    type: "string",
    value: "NODE",
    help: "the node (default: the only one of the file)",
  },
  top: { type: "string", value: "N", help: "how many (default: 10)" },
  pool: {
    type: "string",
    value: "KIND",
    help: "avg (default) or max, where the file does not say it",
  },
  json: { type: "boolean", help: "print JSON" },
  ...modelOptions,
} as const;

/** `layertap similar`: the pictures of a file that look most like another. */
export const similar: Command = {
  purpose: "find pictures that look like others, by the cosine of features",
  operands: "<image…> --in FILE",
  options,
  example: "layertap similar cat.jpg --in features.parquet --top 20",
  async run(args, io) {
    const { values, images } = parse(args, options, Infinity);
    const path = required("in", values.in);
    const top = count("top", values.top) ?? 10;
    if (values.pool) oneOf("pool", values.pool, ["avg", "max"]);

    const { openVectors } = await import("../extract/read_vectors.ts");
    const { similar } = await import("../extract/similar.ts");
    const file = await openVectors(path, values.layer);
    try {
      const queries = await vectorsOf(images, path, file, values, io);
      const found = await similar(queries, file.rows(), { top });
      const results = found.map((similar, i) => ({
        image: images[i],
        similar,
      }));
      io.stdout.write(
        values.json
          ? `${JSON.stringify(results, null, 2)}\n`
          : results.map(table).join("\n"),
      );
    } finally {
      file.close();
    }
  },
};

/** The features of the pictures, made as those of the file were. */
async function vectorsOf(
  images: readonly string[],
  path: string,
  { node, shape, about }: VectorFile,
  values: Values<typeof options>,
  io: Io,
): Promise<Float32Array[]> {
  const layer = node ?? required("layer", values.layer);
  const { arch = about.arch } = values;
  if (about.arch !== undefined && arch !== about.arch) {
    throw new UsageError(
      `--arch: got ${arch}, "${path}" was made with ${about.arch}`,
    );
  }
  const pool = about.pool ??
    (shape && shape.length > 1 ? "none" : values.pool ?? "avg");
  using model = await openModel({ ...values, arch }, [layer], io);
  const { extractFiles } = await import("../extract/extract_files.ts");
  const features = extractFiles(model, images, [layer], {
    layout: about.layout,
    pool: oneOf("pool", pool, ["avg", "max", "none"]),
  });
  const vectors: Float32Array[] = [];
  for await (const { values, error } of features) {
    if (!values) throw error;
    const { data, shape: given } = values[layer];
    if (shape && `${shape}` !== `${given}`) {
      throw new TypeError(
        `cannot compare with "${path}": it has values of [${
          shape.join(", ")
        }] for "${layer}", the network gives [${given.join(", ")}]`,
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
