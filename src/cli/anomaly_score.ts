import type { AnomalyThreshold, PatchCore } from "../anomaly/patch_core.ts";
import type { ScoreToFileOptions } from "../anomaly/score_to_file.ts";
import { printableLines } from "../errors/printable.ts";
import { mapWriter } from "./anomaly_maps.ts";
import { checked, command, type Io, UsageError } from "./command.ts";
import { Failures } from "./failures.ts";
import { networkFor } from "./features_like.ts";
import { InterruptedError, onInterrupt } from "./interrupt.ts";
import { openModel, warnOn } from "./network.ts";
import { modelOptions } from "./options.ts";
import { isStdout, say } from "./output.ts";
import {
  filesOf,
  pictureOperands,
  readingOf,
  threadedFileOptions,
} from "./picture_files.ts";
import { startCount } from "./progress.ts";

const { draft: _, "exif-orientation": __, ...fileOptions } =
  threadedFileOptions;

/** `layertap anomaly score`: how unlike good pictures others are, and where. */
export const anomalyScore = command({
  purpose: "score pictures by a bank of good ones, and draw where they differ",
  operands: ["<bank.npz>", ...pictureOperands],
  options: {
    out: {
      value: "FILE",
      help: "table to write, .csv; - for stdout",
      default: "-",
    },
    maps: {
      value: "FOLDER",
      help: "draw a map over each picture, into this folder",
    },
    quantile: {
      value: "SHARE",
      help: "the share of held-out good pictures below the threshold",
      default: "1",
      read: Number,
    },
    resume: { help: "continue a run that was stopped" },
    ...fileOptions,
    ...modelOptions,
  },
  example: "layertap anomaly score bank.npz new/ --out scores.csv --maps maps/",
  async run({ values, operands: [path, ...operands], io }) {
    const { out, maps, resume } = values;
    if (isStdout(out) && resume) {
      throw new UsageError("--resume works only with a file");
    }
    if (!isStdout(out)) {
      const { requireCsv } = await import("../anomaly/score_to_file.ts");
      checked("out", () => requireCsv(out));
    }
    const { readBank } = await import("../anomaly/bank_file.ts");
    const { bankOn } = await import("../anomaly/load_patch_core.ts");
    const content = await readBank(path);
    const { origin } = content;
    const choice = await networkFor(path, origin, values);
    const failures = new Failures();
    const files = await filesOf(operands, io, failures);
    if (files.length === 0) return failures.finish(io, 0);
    using model = await openModel(
      { ...values, ...choice },
      origin.layers,
      io,
      origin.preset,
    );
    using bank = await bankOn(model, content, warnOn(io));
    const threshold = thresholdOf(bank, values.quantile, io);
    const reading = readingOf(values, io);
    const total = files.length;
    const progress = await startCount(
      "score",
      io,
      () => Promise.resolve(total),
    );
    const interrupt = onInterrupt();
    const options = {
      ...reading,
      threshold: threshold?.score,
      resume,
      signal: interrupt.signal,
      onProgress: progress.update,
      onMap: maps === undefined
        ? undefined
        : await mapWriter(bank, maps, threshold, reading),
    };
    try {
      if (isStdout(out)) await print(bank, files, options, failures, io);
      else {
        const { scoreToFile } = await import("../anomaly/score_to_file.ts");
        const report = await scoreToFile(bank, files, out, options);
        failures.pictures(report.failed, report.reasons);
      }
    } catch (error) {
      if (interrupt.signal.aborted) {
        const advice = "add --resume to the same command to continue";
        throw new InterruptedError(
          isStdout(out) ? "stopped" : `stopped; ${advice}`,
        );
      }
      throw error;
    } finally {
      interrupt.ignore();
      progress.stop();
    }
    failures.finish(
      io,
      total,
      isStdout(out) ? "" : `; "${out}" has the others`,
    );
    const pictures = total === 1 ? "1 picture" : `${total} pictures`;
    const limit = threshold && `, threshold ${threshold.score.toPrecision(4)}`;
    say(
      `${isStdout(out) ? "stdout" : out}: ${pictures}${limit ?? ""}`,
      out,
      io,
    );
  },
});

/** What good pictures reach; undefined if the bank can't tell. */
function thresholdOf(
  bank: PatchCore,
  quantile: number,
  io: Io,
): AnomalyThreshold | undefined {
  if (bank.hasThreshold) {
    return checked("quantile", () => bank.threshold(quantile));
  }
  warnOn(io)(
    "no good picture was held out of this bank: there is no threshold",
  );
  return undefined;
}

/** Prints the table while it is computed. */
async function print(
  bank: PatchCore,
  files: readonly string[],
  options: ScoreToFileOptions,
  failures: Failures,
  io: Io,
): Promise<void> {
  const { scoreFiles } = await import("../anomaly/score_files.ts");
  const { csvHeader, csvLine, maximum } = await import(
    "../anomaly/score_to_file.ts"
  );
  const { threshold, signal, onMap, onProgress } = options;
  io.stdout.write(csvHeader);
  let count = 0;
  for await (const row of scoreFiles(bank, files, options)) {
    const { path, error } = row;
    if (error) failures.picture(error);
    const values = row.error ? [] : [row.score, maximum(row.map)];
    await onMap?.(path, row.error ? null : row.map);
    const line = csvLine(path, values, threshold, error?.message);
    io.stdout.write(printableLines(line));
    onProgress?.(++count);
    signal?.throwIfAborted();
  }
}
