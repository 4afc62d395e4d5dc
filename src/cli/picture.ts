import { type Command, parse } from "./command.ts";
import { openModel } from "./network.ts";
import { pictureOptions, pictureRequest } from "./picture_options.ts";

/** `layertap picture`: what a network makes of a picture, to look at. */
export const picture: Command = {
  purpose: "draw feature maps of a picture, or where it matters to a network",
  operands: "<image> --out FILE",
  options: pictureOptions,
  example: "layertap picture cat.jpg --layer layer4 --strongest 64 --out f.png",
  async run(args, io) {
    const { values, images } = parse(args, pictureOptions, 1);
    const request = await pictureRequest(values);
    const { kind, layer, out } = request;
    // What looks at the prediction needs the network to its end.
    const needed = ["grid", "overlay", "similar"].includes(kind) ? [layer] : [];
    using model = await openModel(values, needed, io);
    const { draw } = await import("./picture_drawing.ts");
    const { inputBatches } = await import("../extract/inputs.ts");
    const { encodePng } = await import("../image/encode_png.ts");
    const { writeFile } = await import("../weights/write_file.ts");
    for await (const { input } of inputBatches(model, images)) {
      try {
        if (input.shape[0] > 1) {
          throw new RangeError(
            `cannot draw "${
              images[0]
            }": it holds several pictures, one is allowed`,
          );
        }
        await writeFile(
          out,
          await encodePng(await draw(model, input, request, io)),
        );
      } finally {
        input.dispose();
      }
    }
  },
};
