import { command } from "./command.ts";
import { networkOf } from "./network.ts";
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
  async run({ values, io }) {
    const { layer, input, style } = values;
    const layers = layer === undefined ? [] : [layer];
    const { trace } = await networkOf(values, layers);
    const { summarize } = await import("../summary/summary.ts");
    io.stdout.write(`${summarize(trace, input, { style })}\n`);
  },
});
