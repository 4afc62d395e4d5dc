import { endings, formatOf } from "../tables/formats.ts";
import { checked, command } from "./command.ts";
import { openModel, warnOn } from "./network.ts";
import { featureOptions, modelOptions, shortTypes } from "./options.ts";
import { pictureFileOptions, readingOf } from "./picture_files.ts";
import { startCount } from "./progress.ts";

/** `layertap extract`: any layers of any number of pictures, in a file. */
export const extract = command({
  purpose: "write features of pictures to a file",
  operands: ["<picture|folder|glob|-…>"],
  options: {
    ...featureOptions,
    out: {
      value: "FILE",
      help: `file to write, ending in one of ${endings}`,
      required: true,
    },
    dtype: {
      value: "TYPE",
      help: "type of the numbers",
      choices: ["float32", "float16"],
      aliases: shortTypes,
      default: "float32",
    },
    resume: { help: "continue a run that was stopped" },
    ...pictureFileOptions,
    ...modelOptions,
  },
  example: "layertap extract photos --layer avgpool --out features.parquet",
  async run({ values, operands, io }) {
    const { layer: layers, out, "json-values": jsonValues } = values;
    checked("out", () => formatOf(out, layers.length));

    using model = await openModel(values, layers, io);
    const { extractToFile } = await import("../extract/extract_to_file.ts");
    const { countsOf, listFiles } = await import("../extract/list_files.ts");
    const passedOver = new Map<string, number>();
    const progress = await startCount("extract", io, () => countOf(operands));
    try {
      const { count, failed, reasons } = await extractToFile(
        model,
        listFiles(operands, io.stdin, passedOver),
        layers,
        out,
        {
          ...values,
          ...readingOf(values, io),
          jsonValues,
          onProgress: progress.update,
        },
      );
      progress.stop();
      if (passedOver.size > 0) {
        warnOn(io)(
          `passed over ${
            countsOf(passedOver)
          }; JPEG, PNG and WebP are supported`,
        );
      }
      if (failed === 0) return;
      for (const reason of reasons) io.stderr.write(`layertap: ${reason}\n`);
      throw new Error(
        `${failed} of ${count} pictures failed; "${out}" has the others`,
      );
    } finally {
      progress.stop();
    }
  },
});

/** The number of pictures, unless a list on stdin names them. */
async function countOf(
  operands: readonly string[],
): Promise<number | undefined> {
  if (operands.includes("-")) return undefined;
  const { countInputs } = await import("../extract/input_refs.ts");
  const { listFiles } = await import("../extract/list_files.ts");
  return await countInputs(listFiles(operands));
}
