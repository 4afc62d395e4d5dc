import { type Command, oneOf, parse, UsageError } from "./command.ts";
import { traceOf } from "./network.ts";
import { startProgress } from "./progress.ts";

const options = {
  dtype: {
    type: "string",
    value: "TYPE",
    help: "how filters are stored: f32, f16 or int8 (default)",
  },
  arch: {
    type: "string",
    value: "NAME",
    help: "the network (default: what the tensors' shapes say)",
  },
  until: {
    type: "string",
    value: "LAYER",
    help: "the last layer that is wanted (default: the whole network)",
  },
  images: {
    type: "string",
    multiple: true,
    value: "A,B",
    help: "pictures on which to show what is lost",
  },
  license: {
    type: "string",
    value: "TEXT",
    help: "licence and owner of the weights, for the file to say",
  },
} as const;

const dtypes = { f32: "float32", f16: "float16", int8: "int8" } as const;

/** `layertap convert`: weights from any source, packed. */
export const convert: Command = {
  purpose: "pack weights small, and show what is lost",
  operands: "IN OUT",
  options,
  example:
    "layertap convert resnet50.pth resnet50.npz --dtype int8 --images cat.jpg",
  async run(args, io) {
    const { values, images: [input, output] } = parse(args, options, 2, "IN");
    if (output === undefined) throw new UsageError("no OUT is given");
    const { arch, until, license } = values;
    const names = ["f32", "f16", "int8"] as const;
    const dtype = dtypes[oneOf("dtype", values.dtype ?? "int8", names)];
    if (arch !== undefined) traceOf(arch);
    const images = values.images?.join().split(",") ?? [];

    const { convertWeights } = await import("../weights/convert.ts");
    const { writeFile } = await import("../weights/write_file.ts");
    const network = {
      arch,
      until,
      warn: (message: string) =>
        io.stderr.write(`layertap: warning: ${message}\n`),
    };
    const progress = await startProgress("convert", io);
    let packed: Uint8Array;
    try {
      packed = await convertWeights(input, {
        ...network,
        dtype,
        metadata: license === undefined ? {} : { license },
        onPacked: progress.update,
      });
      await writeFile(output, packed);
    } finally {
      progress.stop();
    }
    io.stdout.write(`${output}: ${packed.length} bytes, ${dtype}\n`);
    if (images.length === 0) {
      io.stdout.write("--images A,B shows what is lost, on those pictures\n");
      return;
    }
    const { decodeImage } = await import("../image/decode.ts");
    const { measureLoss } = await import("../model/measure_loss.ts");
    const pictures = await Promise.all(
      images.map((image) => decodeImage(image)),
    );
    const losses = await measureLoss(input, packed, pictures, network);
    io.stdout.write(`${"".padEnd(12)}  cosine   largest error\n`);
    for (const { layer, cosine, largestError, largestValue } of losses) {
      const error = largestError.toPrecision(2);
      const of = `of ${largestValue.toPrecision(3)}`;
      io.stdout.write(
        `${layer.padEnd(12)}  ${cosine.toFixed(6)}  ${
          error.padStart(8)
        } ${of}\n`,
      );
    }
  },
};
