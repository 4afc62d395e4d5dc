import { type Command, inputSize, oneOf, parse } from "./command.ts";
import { cutAfter, shapeOptions, traceOf } from "./network.ts";

const options = {
  style: {
    type: "string",
    value: "NAME",
    help: "torchsummary (default) or torchinfo",
  },
  layer: { type: "string", value: "NODE", help: "cut the network after it" },
  ...shapeOptions,
} as const;

/** `layertap summary`: the table of a network, which takes no weights. */
export const summary: Command = {
  purpose: "print the table of a network: layers, shapes, parameters, sizes",
  operands: "",
  options,
  example: "layertap summary --arch resnet50 --layer layer4",
  async run(args, io) {
    const { values } = parse(args, options, 0);
    const size = inputSize(values.input);
    const style = oneOf("style", values.style ?? "torchsummary", [
      "torchsummary",
      "torchinfo",
    ]);
    const layers = values.layer === undefined ? [] : [values.layer];
    const trace = cutAfter(traceOf(values.arch), layers);
    const { summary } = await import("../summary/summary.ts");
    io.stdout.write(`${summary({ trace }, size, { style })}\n`);
  },
};
