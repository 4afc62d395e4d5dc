import { printableLines } from "../errors/printable.ts";
import type { Classification } from "../model/classify.ts";
import { requireHead } from "./class_option.ts";
import { command } from "./command.ts";
import { Failures } from "./failures.ts";
import { knownNetwork, openModel } from "./network.ts";
import { integer, jsonOption, modelOptions, readLines } from "./options.ts";
import {
  filesOf,
  frameOptions,
  pictureFileOptions,
  pictureOperands,
  readingOf,
} from "./picture_files.ts";
import { startProgress } from "./progress.ts";

/** `layertap classify`: what pictures show. */
export const classify = command({
  purpose:
    "print the likeliest classes of pictures; needs a network with a head",
  operands: pictureOperands,
  options: {
    top: {
      value: "N",
      help: "number of classes for each picture",
      default: "5",
      read: integer(1),
    },
    ...jsonOption,
    labels: {
      value: "FILE",
      help:
        "names of the classes, one per line (default: the weights' own, else " +
        "ImageNet's)",
    },
    ...pictureFileOptions,
    ...frameOptions,
    ...modelOptions,
  },
  example: "layertap classify cat.jpg --arch resnet50 --weights resnet50.pth",
  async run({ values, operands, io }) {
    const { top } = values;
    const labels = values.labels ? await readLines(values.labels) : undefined;

    const network = values.weights === undefined && knownNetwork(values);
    if (network) {
      requireHead({ layers: network.trace.root.children }, "classify");
    }
    const failures = new Failures();
    const images = await filesOf(operands, io, failures);
    if (images.length === 0) return failures.finish(io, 0);
    using model = await openModel(values, [], io);
    const { classify } = await import("../model/classify.ts");
    const { inputBatches } = await import("../extract/input_batches.ts");
    const results: Result[] = [];
    const progress = await startProgress("classify", io);
    try {
      const batches = inputBatches(model, images, readingOf(values, io));
      for await (const { input, rows, done } of batches) {
        try {
          const batch = input
            ? await classify(model, input, { top, labels })
            : [];
          for (const { path: image, error } of rows) {
            if (error) failures.picture(error);
            results.push(
              error
                ? { image, error: error.message }
                : { image, classes: batch.shift()! },
            );
          }
        } finally {
          input?.dispose();
        }
        progress.update(done);
      }
    } finally {
      progress.stop();
    }
    const found = results.filter(({ classes }) => classes);
    if (found.length > 0) {
      io.stdout.write(
        printableLines(
          values.json
            ? `${JSON.stringify(results, null, 2)}\n`
            : found.map(table).join("\n"),
        ),
      );
    }
    failures.finish(io, results.length);
  },
});

/** The classes of a picture, or why it has none. */
interface Result {
  readonly image: string;
  readonly classes?: Classification[];
  readonly error?: string;
}

function table({ image, classes = [] }: Result): string {
  const line = ({ label, score }: Classification) =>
    `${(100 * score).toFixed(2).padStart(7)} %  ${label}\n`;
  return `${image}\n${classes.map(line).join("")}`;
}
