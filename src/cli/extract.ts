import type { InputOptions } from "../extract/load_input.ts";
import { endings, formatOf } from "../tables/formats.ts";
import { checked, command, UsageError } from "./command.ts";
import { Failures } from "./failures.ts";
import { InterruptedError, onInterrupt } from "./interrupt.ts";
import { printLines } from "./json_lines.ts";
import { openModel } from "./network.ts";
import { featureOptions, modelOptions, shortTypes } from "./options.ts";
import { isStdout, say } from "./output.ts";
import { openPca, pcaOption, requireOrigin } from "./pca_option.ts";
import {
  frameOptions,
  pictureOperands,
  readingOf,
  tellOf,
  threadedFileOptions,
} from "./picture_files.ts";
import { startCount } from "./progress.ts";

/** `layertap extract`: any layers of any number of pictures, in a file. */
export const extract = command({
  purpose: "write features of pictures to a file",
  operands: pictureOperands,
  options: {
    ...featureOptions,
    ...pcaOption,
    out: {
      value: "FILE",
      help: `file to write, ending in one of ${endings}; - for JSON Lines ` +
        "on stdout",
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
    ...threadedFileOptions,
    ...frameOptions,
    ...modelOptions,
  },
  example: "layertap extract photos --layer avgpool --out features.parquet",
  async run({ values, operands, io }) {
    const { layer: layers, out, "json-values": jsonValues } = values;
    if (!isStdout(out)) checked("out", () => formatOf(out, layers.length));
    else if (values.resume) {
      throw new UsageError("--resume works only with a file");
    }

    const pca = await openPca(values.pca);
    using model = await openModel(values, layers, io);
    if (pca) {
      const fingerprint = await model.fingerprint(layers[0]);
      await requireOrigin(pca, layers[0], values.pool, fingerprint);
    }
    const { listFiles } = await import("../extract/list_files.ts");
    const failures = new Failures();
    const passedOver = new Map<string, number>();
    const onError = (error: Error) => failures.folder(error);
    const files = listFiles(operands, io.stdin, { passedOver, onError });
    const progress = await startCount(
      "extract",
      io,
      () => countOf(operands, readingOf(values, io)),
    );
    const interrupt = onInterrupt();
    const options = {
      ...values,
      ...readingOf(values, io),
      pca,
      jsonValues,
      onProgress: progress.update,
      signal: interrupt.signal,
    };
    let count = 0;
    try {
      if (isStdout(out)) {
        count = await printLines(model, files, layers, options, failures, io);
      } else {
        const { extractToFile } = await import("../extract/extract_to_file.ts");
        const report = await extractToFile(model, files, layers, out, options);
        count = report.count;
        failures.pictures(report.failed, report.reasons);
      }
    } catch (error) {
      progress.stop();
      if (interrupt.signal.aborted) {
        const advice = "add --resume to the same command to continue";
        throw new InterruptedError(
          isStdout(out) ? "stopped" : `stopped; ${advice}`,
        );
      }
      if (failures.any && count === 0) failures.finish(io, 0);
      throw error;
    } finally {
      interrupt.ignore();
      progress.stop();
    }
    await tellOf(passedOver, io);
    const rest = isStdout(out) ? "" : `; "${out}" has the others`;
    failures.finish(io, count, rest);
    const pictures = count === 1 ? "1 picture" : `${count} pictures`;
    say(
      `${isStdout(out) ? "stdout" : out}: ${pictures}, ${layers.join(", ")}`,
      out,
      io,
    );
  },
});

/** The number of pictures, unless a list on stdin names them. */
async function countOf(
  operands: readonly string[],
  reading: InputOptions,
): Promise<number | undefined> {
  if (operands.includes("-")) return undefined;
  const { countInputs } = await import("../extract/input_refs.ts");
  const { listFiles } = await import("../extract/list_files.ts");
  const onError = () => {}; // The listing for the run tells of it.
  return await countInputs(
    listFiles(operands, undefined, { onError }),
    reading,
  );
}
