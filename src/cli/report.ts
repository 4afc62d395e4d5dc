import { type Command, parse, required } from "./command.ts";
import { modelOptions, openModel } from "./network.ts";

const options = {
  out: { type: "string", value: "FILE", help: "the .html to write" },
  ...modelOptions,
} as const;

/** `layertap report`: a page about one picture. */
export const report: Command = {
  purpose:
    "write a page about a picture: its features, what it shows and where",
  operands: "<image> --out FILE",
  options,
  example: "layertap report cat.jpg --out report.html",
  async run(args, io) {
    const { values, images: [image] } = parse(args, options, 1);
    const out = required("out", values.out);
    using model = await openModel(values, [], io);
    const { decodeImage } = await import("../image/decode.ts");
    const { report } = await import("../maps/report.ts");
    const { writeFile } = await import("../weights/write_file.ts");
    const title = image.split(/[\\/]/).at(-1);
    const page = await report(model, await decodeImage(image), { title });
    await writeFile(out, new TextEncoder().encode(page));
  },
};
