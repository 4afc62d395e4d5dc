import { command } from "./command.ts";
import { traceOf } from "./network.ts";
import { cutOption, shapeOptions } from "./options.ts";

/** `layertap summary`: the table of a network; it needs no weights. */
export const summary = command({
  purpose: "print a network's layers, shapes, parameters and sizes",
  operands: [],
  options: {
    style: {
      value: "NAME",
      help: "layout of the table",
      choices: ["torchsummary", "torchinfo"],
      default: "torchsummary",
    },
    ...cutOption,
    ...shapeOptions,
  },
  example: "layertap summary --arch resnet50 --layer layer4",
  async run({ values: { arch, layer, input, style }, io }) {
    const layers = layer === undefined ? [] : [layer];
    const trace = traceOf({ arch }, layers);
    const { summarize } = await import("../summary/summary.ts");
    io.stdout.write(`${summarize(trace, input, { style })}\n`);
  },
});
