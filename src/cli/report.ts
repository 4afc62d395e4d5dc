import { namedFile } from "../runtime/named_file.ts";
import { command } from "./command.ts";
import { Failures } from "./failures.ts";
import { openModel } from "./network.ts";
import { modelOptions } from "./options.ts";
import { openOutput, say } from "./output.ts";
import {
  filesOf,
  frameOptions,
  pictureFileOptions,
  pictureOperands,
  readingOf,
} from "./picture_files.ts";

/** `layertap report`: a page about each picture. */
export const report = command({
  purpose: "write an HTML page about a picture: features, classes, heat maps",
  operands: pictureOperands,
  options: {
    out: {
      value: "FILE",
      help: "the .html to write, a folder for several, or - for stdout",
      required: true,
    },
    ...pictureFileOptions,
    ...frameOptions,
    ...modelOptions,
  },
  example: "layertap report cat.jpg --out report.html",
  async run({ values, operands, io }) {
    const { out } = values;
    const failures = new Failures();
    const images = await filesOf(operands, io, failures);
    const endings = [".html", ".htm"];
    const output = await openOutput("--out", out, endings, images.length, io);
    if (images.length === 0) return failures.finish(io, 0);
    using model = await openModel(values, [], io);
    const { decodeImage } = await import("../image/decode.ts");
    const { report } = await import("../maps/report.ts");
    const { resizeSize } = model.preset;
    const { draft, crop, ...options } = readingOf(values, io);
    for (const image of images) {
      const picture = await namedFile(image, options)
        .then((file) =>
          decodeImage(file, {
            ...options,
            draft: draft ? [resizeSize, resizeSize] : undefined,
          })
        )
        .catch((error) => failures.picture(error));
      if (!picture) continue;
      const title = image.split(/[\\/]/).at(-1);
      const { html } = await report(model, picture, { title, crop });
      const content = new TextEncoder().encode(html);
      const written = await output.write(content, image);
      say(`${written}: ${content.length} bytes`, out, io);
    }
    failures.finish(io, images.length);
  },
});
