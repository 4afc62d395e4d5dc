import { formatOf } from "../tables/formats.ts";
import { type Command, oneOf, parse, required, UsageError } from "./command.ts";
import { featureOptions, featureRequest } from "./feature_options.ts";
import { startCount } from "./count_progress.ts";
import { modelOptions, openModel } from "./network.ts";

const options = {
  ...featureOptions,
  out: {
    type: "string",
    value: "FILE",
    help: ".npz, .npy, .safetensors, .parquet or .jsonl",
  },
  dtype: { type: "string", value: "TYPE", help: "f32 (default) or f16" },
  resume: { type: "boolean", help: "go on where a stopped run left off" },
  ...modelOptions,
} as const;

const dtypes = { f32: "float32", f16: "float16" } as const;

/** `layertap extract`: any layers of any number of pictures, in a file. */
export const extract: Command = {
  purpose: "write layers of pictures to a file, by picture and node",
  operands: "<image|folder|glob|-…> --layer A,B --out FILE",
  options,
  example: "layertap extract photos --layer avgpool --out features.parquet",
  async run(args, io) {
    const { values, images } = parse(args, options, Infinity);
    const { layers, form } = featureRequest(values);
    const out = required("out", values.out);
    const request = {
      dtype: dtypes[oneOf("dtype", values.dtype ?? "f32", ["f32", "f16"])],
      ...form,
      resume: values.resume,
      weights: values.weights,
    };
    requireFormat(out, layers.length);

    using model = await openModel(values, layers, io);
    const { extractToFile } = await import("../extract/extract_to_file.ts");
    const { listFiles } = await import("../extract/list_files.ts");
    const progress = await startCount("extract", io, () => countOf(images));
    try {
      const { count, failed, reasons } = await extractToFile(
        model,
        listFiles(images, io.stdin),
        layers,
        out,
        { ...request, onProgress: progress.update },
      );
      if (failed === 0) return;
      progress.stop();
      for (const reason of reasons) io.stderr.write(`layertap: ${reason}\n`);
      throw new Error(
        `${failed} of ${count} pictures could not be read, "${out}" has the rest`,
      );
    } finally {
      progress.stop();
    }
  },
};

function requireFormat(out: string, nodes: number): void {
  try {
    formatOf(out, nodes);
  } catch (error) {
    throw new UsageError(`--out: ${(error as Error).message}`);
  }
}

/** How many pictures operands stand for, if they don't come from a list. */
async function countOf(
  operands: readonly string[],
): Promise<number | undefined> {
  if (operands.includes("-")) return undefined;
  const { countInputs } = await import("../extract/inputs.ts");
  const { listFiles } = await import("../extract/list_files.ts");
  return await countInputs(listFiles(operands));
}
