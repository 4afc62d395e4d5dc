import type { Classification } from "../model/classify.ts";
import { command } from "./command.ts";
import { openModel } from "./network.ts";
import { integer, jsonOption, modelOptions, readLines } from "./options.ts";
import { pictureFileOptions, readingOf } from "./picture_files.ts";
import { startProgress } from "./progress.ts";

/** `layertap classify`: what pictures show. */
export const classify = command({
  purpose:
    "print the likeliest classes of pictures; needs a network with a head",
  operands: ["<picture…>"],
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
    ...modelOptions,
  },
  example: "layertap classify cat.jpg --arch resnet50 --weights resnet50.pth",
  async run({ values, operands: images, io }) {
    const { top } = values;
    const labels = values.labels ? await readLines(values.labels) : undefined;

    using model = await openModel(values, [], io);
    const { classify } = await import("../model/classify.ts");
    const { inputBatches } = await import("../extract/input_batches.ts");
    const results: { image: string; classes: Classification[] }[] = [];
    const progress = await startProgress("classify", io);
    try {
      const batches = inputBatches(model, images, readingOf(values, io));
      for await (const { input, names, done } of batches) {
        try {
          const batch = await classify(model, input, { top, labels });
          batch.forEach((classes, i) =>
            results.push({ image: names[i], classes })
          );
        } finally {
          input.dispose();
        }
        progress.update(done);
      }
    } finally {
      progress.stop();
    }
    io.stdout.write(
      values.json
        ? `${JSON.stringify(results, null, 2)}\n`
        : results.map(({ image, classes }) => table(image, classes)).join("\n"),
    );
  },
});

function table(image: string, classes: readonly Classification[]): string {
  const line = ({ label, score }: Classification) =>
    `${(100 * score).toFixed(2).padStart(7)} %  ${label}\n`;
  return `${image}\n${classes.map(line).join("")}`;
}
