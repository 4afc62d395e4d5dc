import type { Classification } from "../model/classify.ts";
import { type Command, count, parse } from "./command.ts";
import { modelOptions, openModel } from "./network.ts";
import { startProgress } from "./progress.ts";

const options = {
  top: {
    type: "string",
    value: "N",
    help: "classes for each picture (default: 5)",
  },
  json: { type: "boolean", help: "print JSON" },
  labels: {
    type: "string",
    value: "FILE",
    help: "names of the classes, one a line (default: ImageNet's)",
  },
  ...modelOptions,
} as const;

/** `layertap classify`: what pictures show. */
export const classify: Command = {
  purpose: "say what pictures show, by a network with a head",
  operands: "<image…>",
  options,
  example: "layertap classify cat.jpg --arch resnet50 --weights resnet50.pth",
  async run(args, io) {
    const { values, images } = parse(args, options, Infinity);
    const top = count("top", values.top);
    const labels = values.labels ? await readLines(values.labels) : undefined;

    using model = await openModel(values, [], io);
    const { classify } = await import("../model/classify.ts");
    const { inputBatches } = await import("../extract/inputs.ts");
    const results: { image: string; classes: Classification[] }[] = [];
    const progress = await startProgress("classify", io);
    try {
      for await (const { input, names, done } of inputBatches(model, images)) {
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
};

async function readLines(path: string): Promise<string[]> {
  const { readBytes } = await import("../runtime/open_source.ts");
  const { bytes } = await readBytes(path);
  return new TextDecoder().decode(bytes).trimEnd().split(/\r?\n/);
}

function table(image: string, classes: readonly Classification[]): string {
  const line = ({ label, score }: Classification) =>
    `${(100 * score).toFixed(2).padStart(7)} %  ${label}\n`;
  return `${image}\n${classes.map(line).join("")}`;
}
