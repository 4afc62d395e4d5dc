import { inferShapes } from "../graph/shapes.ts";
import { type Command, inputSize, parse } from "./command.ts";
import { shapeOptions, traceOf } from "./network.ts";

/** `layertap layers`: the names that `--layer` takes. */
export const layers: Command = {
  purpose: "list every node of a network with its shape",
  operands: "",
  options: shapeOptions,
  example: "layertap layers --arch resnet50",
  run(args, io) {
    const { values } = parse(args, shapeOptions, 0);
    const [c, h, w] = inputSize(values.input);
    const shapes = inferShapes(traceOf(values.arch), [-1, h, w, c]);
    const width = Math.max(...[...shapes.keys()].map((name) => name.length));
    for (const [name, [n, ...rest]] of shapes) {
      const channels = rest.pop()!;
      const shape = [n, channels, ...rest].join(", ");
      io.stdout.write(`${name.padEnd(width)}  [${shape}]\n`);
    }
  },
};
