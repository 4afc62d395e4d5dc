import { command } from "./command.ts";
import { openModel } from "./network.ts";
import { readingOf } from "./picture_files.ts";
import {
  pictureOptions,
  pictureRequest,
  withClass,
} from "./picture_options.ts";

/** `layertap picture`: what a network sees in a picture. */
export const picture = command({
  purpose: "draw feature maps or a heat map of a picture",
  operands: ["<picture>"],
  options: pictureOptions,
  example: "layertap picture cat.jpg --layer layer4 --strongest 64 --out f.png",
  async run({ values, operands, io }) {
    const checkedRequest = await pictureRequest(values);
    const { kind, layer } = checkedRequest;
    // The other kinds look at the prediction, and need the whole network.
    const isCut = kind === "grid" || kind === "overlay" || kind === "similar";
    using model = await openModel(values, isCut ? [layer] : [], io);
    const request = await withClass(checkedRequest, model);
    const { draw } = await import("./picture_drawing.ts");
    const { inputBatches } = await import("../extract/input_batches.ts");
    const { encodePng } = await import("../image/encode_png.ts");
    const { writeFile } = await import("../weights/write_file.ts");
    for await (
      const { input } of inputBatches(model, operands, readingOf(values, io))
    ) {
      try {
        const [count] = input.shape;
        if (count > 1) {
          throw new RangeError(
            `cannot draw "${operands[0]}": it holds ${count} pictures, not one`,
          );
        }
        const drawing = await draw(model, input, request, io);
        await writeFile(values.out, await encodePng(drawing));
      } finally {
        input.dispose();
      }
    }
  },
});
