import { inferShapes } from "../graph/shapes.ts";
import { command } from "./command.ts";
import { networkOf } from "./network.ts";
import { shapeOptions } from "./options.ts";

/** `layertap layers`: the names that `--layer` takes. */
export const layers = command({
  purpose: "list the layers of a network with their shapes",
  operands: [],
  options: shapeOptions,
  example: "layertap layers --arch resnet50",
  async run({ values, io }) {
    const [c, h, w] = values.input;
    const { trace } = await networkOf(values);
    const shapes = inferShapes(trace, [-1, h, w, c]);
    const width = Math.max(...[...shapes.keys()].map((name) => name.length));
    for (const [name, [n, ...rest]] of shapes) {
      const channels = rest.pop()!;
      const shape = [n, channels, ...rest].join(", ");
      io.stdout.write(`${name.padEnd(width)}  [${shape}]\n`);
    }
  },
});
