import { command } from "./command.ts";
import { Failures } from "./failures.ts";
import { openModel } from "./network.ts";
import { openOutput, say } from "./output.ts";
import { filesOf, pictureOperands, readingOf } from "./picture_files.ts";
import {
  pictureOptions,
  pictureRequest,
  withClass,
} from "./picture_options.ts";

/** `layertap picture`: what a network sees in a picture. */
export const picture = command({
  purpose: "draw feature maps or a heat map of a picture",
  operands: pictureOperands,
  options: pictureOptions,
  example: "layertap picture cat.jpg --layer layer4 --strongest 64 --out f.png",
  async run({ values, operands, io }) {
    const checkedRequest = await pictureRequest(values);
    const { kind, layer, out } = checkedRequest;
    // The other kinds look at the prediction, and need the whole network.
    const isCut = kind === "grid" || kind === "overlay" || kind === "similar";
    const failures = new Failures();
    const images = await filesOf(operands, io, failures);
    const { countInputs } = await import("../extract/input_refs.ts");
    const count = await countInputs(images);
    const output = await openOutput("--out", out, [".png"], count, io);
    if (count === 0) return failures.finish(io, 0);
    using model = await openModel(values, isCut ? [layer] : [], io);
    const request = await withClass(checkedRequest, model);
    const { draw } = await import("./picture_drawing.ts");
    const { inputBatches } = await import("../extract/input_batches.ts");
    const { encodePng } = await import("../image/encode_png.ts");
    const reading = { ...readingOf(values, io), most: 1 };
    for await (const { input, rows } of inputBatches(model, images, reading)) {
      for (const { error } of rows) if (error) failures.picture(error);
      if (!input) continue;
      const { path } = rows.find(({ error }) => !error)!;
      try {
        const { drawing, about } = await draw(model, input, request, io);
        const { width, height } = drawing;
        const written = await output.write(await encodePng(drawing), path);
        const facts = [`${width} x ${height}`, ...about ? [about] : []];
        say(`${written}: ${facts.join(", ")}`, out, io);
      } finally {
        input.dispose();
      }
    }
    failures.finish(io, count);
  },
});
