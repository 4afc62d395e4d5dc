import type { FigureRow } from "../drawing/draw_figure.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { command } from "./command.ts";
import { Failures } from "./failures.ts";
import { openModel } from "./network.ts";
import { openOutput, say } from "./output.ts";
import { inputsOf, photosOf } from "./photos.ts";
import { filesOf, pictureOperands, readingOf } from "./picture_files.ts";
import {
  pictureOptions,
  pictureRequest,
  withClass,
} from "./picture_options.ts";

/** `layertap picture`: what a network sees in a picture. */
export const picture = command({
  purpose: "draw feature maps, or heat maps of one picture or several",
  operands: pictureOperands,
  options: pictureOptions,
  example: "layertap picture cat.jpg --layer layer4 --strongest 64 --out f.png",
  async run({ values, operands, io }) {
    const checkedRequest = await pictureRequest(values);
    const { kind, layers, out } = checkedRequest;
    const isGrid = kind === "grid";
    // The other kinds look at the prediction, and need the whole network.
    const isCut = isGrid || kind === "overlay" || kind === "similar";
    const failures = new Failures();
    const reading = readingOf(values, io);
    const images = await filesOf(operands, io, failures);
    const { countInputs } = await import("../extract/input_refs.ts");
    const count = await countInputs(images);
    // Maps over several pictures make one figure.
    const files = isGrid ? count : Math.min(count, 1);
    const output = await openOutput("--out", out, [".png"], files, io);
    if (count === 0) return failures.finish(io, 0);
    using model = await openModel(values, isCut ? layers : [], io);
    const request = await withClass(checkedRequest, model);
    const { columnsOf, drawGrid } = await import("./picture_drawing.ts");
    const { figureOf, figureRow } = await import("../maps/figure.ts");
    const { encodePng } = await import("../image/encode_png.ts");

    const write = async (drawing: RgbImage, path: string, about: string[]) => {
      const dpi = values.dpi ?? (isGrid ? undefined : 300);
      const written = await output.write(
        await encodePng(drawing, { dpi }),
        path,
      );
      const facts = [`${drawing.width} x ${drawing.height}`, ...about];
      say(`${written}: ${facts.join(", ")}`, out, io);
    };
    if (isGrid) {
      const inputs = inputsOf(model, images, reading, failures);
      for await (const { path, input } of inputs) {
        try {
          await write(await drawGrid(model, input, request), path, []);
        } finally {
          input.dispose();
        }
      }
      return failures.finish(io, count);
    }

    // In a folder, each picture has a figure of its own.
    const isAlone = count === 1 || output.isFolder;
    const isSingle = isAlone && layers.length <= 1;
    let rows: FigureRow[] = [];
    let about: string[] = [];
    const columns = columnsOf({ model, request, io }, isSingle, (caption) => {
      if (isSingle && caption) about.push(caption);
    });
    const { alpha, fade, original, scale, width, dpi } = values;
    const options = {
      ...{ alpha, fade, original, scale, width, dpi },
      colorBar: values["color-bar"],
      colorMap: values["color-map"],
      fontSize: values["font-size"],
    };
    const finish = async (path: string) => {
      await write(await figureOf(columns, rows, options), path, about);
      [rows, about] = [[], []];
    };
    let last = "";
    for await (const photo of photosOf(model, images, reading, failures)) {
      const title = isAlone ? undefined : photo.path.split(/[\\/]/).at(-1);
      try {
        rows.push({ ...await figureRow(photo, columns), title });
      } finally {
        photo.input.dispose();
      }
      last = photo.path;
      if (output.isFolder) await finish(last);
    }
    if (rows.length > 0) await finish(last);
    failures.finish(io, count);
  },
});
