import { type Command, count, oneOf, parse, required } from "./command.ts";
import { modelOptions, openModel } from "./network.ts";

const options = {
  layer: { type: "string", value: "NODE", help: "the node, e.g. layer4" },
  out: { type: "string", value: "FILE", help: "the .png to write" },
  maps: {
    type: "string",
    value: "N",
    help: "draw the first N maps (default: all)",
  },
  "color-map": {
    type: "string",
    value: "NAME",
    help: "viridis (default), inferno, magma or gray",
  },
  ...modelOptions,
} as const;

/** `layertap picture`: the feature maps of a layer, to look at. */
export const picture: Command = {
  purpose: "draw the feature maps of a layer, each scaled to its own range",
  operands: "<image> --layer NODE --out FILE",
  options,
  example: "layertap picture cat.jpg --layer layer2 --maps 64 --out maps.png",
  async run(args, io) {
    const { values, images } = parse(args, options, 1);
    const layer = required("layer", values.layer);
    const out = required("out", values.out);
    const maps = count("maps", values.maps);
    const colorMap = oneOf("color-map", values["color-map"] ?? "viridis", [
      "viridis",
      "inferno",
      "magma",
      "gray",
    ]);

    using model = await openModel(values, [layer], io);
    const { featureMapGrid } = await import("../feature_map_grid.ts");
    const { inputBatches } = await import("../inputs.ts");
    const { encodePng } = await import("../image/encode_png.ts");
    const { writeFile } = await import("../output/write_file.ts");
    for await (const { input } of inputBatches(model, images)) {
      const value = model.forward(input);
      input.dispose();
      try {
        const grid = await featureMapGrid(value, { maps, colorMap });
        await writeFile(out, await encodePng(grid));
      } finally {
        value.dispose();
      }
    }
  },
};
