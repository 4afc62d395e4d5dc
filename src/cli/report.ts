import { command } from "./command.ts";
import { openModel } from "./network.ts";
import { modelOptions } from "./options.ts";
import { pictureFileOptions, readingOf } from "./picture_files.ts";

/** `layertap report`: a page about one picture. */
export const report = command({
  purpose: "write an HTML page about a picture: features, classes, heat maps",
  operands: ["<picture>"],
  options: {
    out: { value: "FILE", help: "the .html to write", required: true },
    ...pictureFileOptions,
    ...modelOptions,
  },
  example: "layertap report cat.jpg --out report.html",
  async run({ values, operands: [image], io }) {
    using model = await openModel(values, [], io);
    const { decodeImage } = await import("../image/decode.ts");
    const { report } = await import("../maps/report.ts");
    const { writeFile } = await import("../weights/write_file.ts");
    const title = image.split(/[\\/]/).at(-1);
    const { resizeSize } = model.preset;
    const { draft, ...options } = readingOf(values, io);
    const picture = await decodeImage(image, {
      ...options,
      draft: draft ? [resizeSize, resizeSize] : undefined,
    });
    const page = await report(model, picture, { title });
    await writeFile(values.out, new TextEncoder().encode(page));
  },
});
