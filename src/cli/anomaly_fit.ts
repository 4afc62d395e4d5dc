import { command, UsageError } from "./command.ts";
import { Failures } from "./failures.ts";
import { InterruptedError, onInterrupt } from "./interrupt.ts";
import { openModel } from "./network.ts";
import { integer, modelOptions } from "./options.ts";
import { say } from "./output.ts";
import {
  filesOf,
  frameOptions,
  pictureOperands,
  readingOf,
  threadedFileOptions,
} from "./picture_files.ts";
import { type Progress, startCount, startProgress } from "./progress.ts";

/** Reads a number. */
const number = (text: string) => text.trim() === "" ? NaN : Number(text);

/** Turns an error about an option of the library into one about ours. */
function checkedOptions(check: () => void): void {
  try {
    check();
  } catch (error) {
    const [, name, why] = /^(\w+): (.*)/.exec((error as Error).message)!;
    throw new UsageError(`--${name.replace("O", "-o")}: ${why}`);
  }
}

/** `layertap anomaly fit`: what good pictures look like, in a file. */
export const anomalyFit = command({
  purpose: "learn from good pictures alone what is normal (PatchCore)",
  operands: pictureOperands,
  options: {
    out: { value: "FILE", help: "bank to write, .npz", required: true },
    layers: {
      value: "A,B",
      help: "layers whose maps are compared",
      list: true,
      default: "layer2,layer3",
    },
    coreset: {
      value: "SHARE",
      help: "share of the patches to keep, up to 1",
      default: "0.01",
      read: number,
    },
    neighbors: {
      value: "N",
      help: "patches near the nearest one that weigh a score",
      default: "9",
      read: integer(1),
    },
    "hold-out": {
      value: "SHARE",
      help: "share of the pictures that only tell what good ones score",
      default: "0.2",
      read: number,
    },
    seed: {
      value: "N",
      help: "of the random projection",
      default: "0",
      read: integer(0),
    },
    "max-bytes": {
      value: "N",
      help: "refuse a larger bank",
      default: "134217728",
      read: integer(1),
    },
    resume: { help: "continue a fit that was stopped" },
    ...threadedFileOptions,
    ...frameOptions,
    ...modelOptions,
  },
  example: "layertap anomaly fit good/ --out bank.npz",
  async run({ values, operands, io }) {
    const { out, layers, weights, resume } = values;
    if (!out.toLowerCase().endsWith(".npz")) {
      throw new UsageError(
        `--out: expected a name that ends in .npz, got ${out}`,
      );
    }
    const { fitSettings } = await import("../anomaly/fit_options.ts");
    const settings = {
      layers,
      coreset: values.coreset,
      neighbors: values.neighbors,
      holdOut: values["hold-out"],
      seed: values.seed,
      maxBytes: values["max-bytes"],
      weights,
      ...readingOf(values, io),
    };
    checkedOptions(() => fitSettings(settings));
    const failures = new Failures();
    const files = await filesOf(operands, io, failures);
    if (files.length === 0) return failures.finish(io, 0);
    using model = await openModel(values, layers, io);
    const { fitPatchCoreToFile } = await import("../anomaly/fit_to_file.ts");
    const pictures = await startCount(
      "pictures",
      io,
      () => Promise.resolve(files.length),
    );
    let choosing: Promise<Progress> | undefined;
    const interrupt = onInterrupt();
    try {
      const report = await fitPatchCoreToFile(model, files, out, {
        ...settings,
        resume,
        signal: interrupt.signal,
        onProgress({ stage, done, total }) {
          if (stage === "pictures") return pictures.update(done);
          pictures.stop();
          choosing ??= startProgress("coreset", io);
          void choosing.then((bar) => bar.update(done / total!));
        },
      });
      failures.pictures(report.failed, report.reasons);
      failures.finish(io, report.count, `; "${out}" has the others`);
      const [patches, channels] = report.shape;
      say(
        `${out}: ${patches} x ${channels} of ${report.count} pictures, ` +
          `${report.heldOut} held out`,
        out,
        io,
      );
    } catch (error) {
      if (interrupt.signal.aborted) {
        throw new InterruptedError(
          "stopped; add --resume to the same command to continue",
        );
      }
      throw error;
    } finally {
      interrupt.ignore();
      pictures.stop();
      (await choosing)?.stop();
    }
  },
});
