import { type Command, oneOf, parse, required } from "./command.ts";
import { modelOptions, openModel } from "./network.ts";
import { startProgress } from "./progress.ts";

const options = {
  layer: {
    type: "string",
    multiple: true,
    value: "A,B",
    help: "the nodes, e.g. layer4 or layer1.0.conv2,avgpool",
  },
  out: { type: "string", value: "FILE", help: "the .npz to write" },
  layout: {
    type: "string",
    value: "ORDER",
    help: "nchw as in PyTorch (default), or nhwc",
  },
  ...modelOptions,
} as const;

/** `layertap extract`: any layers of many pictures, as NumPy arrays. */
export const extract: Command = {
  purpose: "write layers of pictures to a .npz, one array for each node",
  operands: "<image…> --layer A,B --out FILE",
  options,
  example:
    "layertap extract cat.jpg dog.png --layer layer4,avgpool --out f.npz",
  async run(args, io) {
    const { values, images } = parse(args, options, Infinity);
    const layers = required("layer", values.layer?.join()).split(",");
    const out = required("out", values.out);
    const layout = oneOf("layout", values.layout ?? "nchw", ["nchw", "nhwc"]);

    using model = await openModel(values, layers, io);
    const { extractFiles } = await import("../extract_files.ts");
    const { npzStream } = await import("../output/npz.ts");
    const { writeFile } = await import("../output/write_file.ts");
    const progress = await startProgress("extract", io);
    try {
      const onProgress = progress.update;
      const arrays = await extractFiles(model, images, layers, {
        layout,
        onProgress,
      });
      await writeFile(out, npzStream(arrays));
    } finally {
      progress.stop();
    }
  },
};
