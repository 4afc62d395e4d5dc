import { printableLines } from "../errors/printable.ts";
import type { ClassDistance } from "../fit/nearest_mean.ts";
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
import { pcaOption } from "./pca_option.ts";
import { type Progress, startProgress } from "./progress.ts";

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
    head: {
      value: "FILE",
      help:
        "classes by a head that `layertap fit` wrote, not the network's own",
    },
    ...pcaOption,
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
    if (network && values.head === undefined) {
      requireHead({ layers: network.trace.root.children }, "classify");
    }
    const failures = new Failures();
    const images = await filesOf(operands, io, failures);
    if (images.length === 0) return failures.finish(io, 0);
    const results: Result[] = [];
    let progress: Progress | undefined;
    const update = async (share: number) => {
      progress ??= await startProgress("classify", io);
      progress.update(share);
    };
    const add = (image: string, found: Result["classes"], error?: Error) => {
      if (error) failures.picture(error);
      results.push(
        error
          ? { image, error: error.message }
          : { image, classes: found!.slice(0, top) },
      );
    };
    try {
      if (values.head !== undefined) {
        const { rankByHead } = await import("./head_option.ts");
        const all = rankByHead(values.head, images, values, io);
        for await (const { path, classes, error } of all) {
          add(path, classes, error);
          await update(results.length / images.length);
        }
      } else await byNetwork();
    } finally {
      progress?.stop();
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

    async function byNetwork() {
      using model = await openModel(values, [], io);
      const { classify } = await import("../model/classify.ts");
      const { inputBatches } = await import("../extract/input_batches.ts");
      const batches = inputBatches(model, images, readingOf(values, io));
      for await (const { input, rows, done } of batches) {
        try {
          const batch = input
            ? await classify(model, input, { top, labels })
            : [];
          for (const { path, error } of rows) {
            add(path, error ? undefined : batch.shift(), error);
          }
        } finally {
          input?.dispose();
        }
        await update(done);
      }
    }
  },
});

/** The classes of a picture, or why it has none. */
interface Result {
  readonly image: string;
  readonly classes?: (Classification | ClassDistance)[];
  readonly error?: string;
}

function table({ image, classes = [] }: Result): string {
  const line = (one: Classification | ClassDistance) =>
    "score" in one
      ? `${(100 * one.score).toFixed(2).padStart(7)} %  ${one.label}\n`
      : `${one.distance.toPrecision(4).padStart(9)}  ${one.label}\n`;
  return `${image}\n${classes.map(line).join("")}`;
}
