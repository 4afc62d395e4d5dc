import { command } from "./command.ts";
import { knownNetwork, warnOn } from "./network.ts";
import { cutOption, prefixOption, readLines, shortTypes } from "./options.ts";
import { decodeOptions, readingOf } from "./picture_files.ts";
import { presetOption, readPreset } from "./preset_option.ts";
import { startProgress } from "./progress.ts";

/** `layertap convert`: weights from any source, packed. */
export const convert = command({
  purpose: "convert weights to a small file, and measure the loss",
  operands: ["<in>", "<out>"],
  options: {
    dtype: {
      value: "TYPE",
      help: "type of the filters",
      choices: ["float32", "float16", "int8"],
      aliases: shortTypes,
      default: "int8",
    },
    arch: {
      value: "NAME",
      help: "the network (default: by the tensors' shapes)",
    },
    ...prefixOption,
    ...cutOption,
    ...presetOption,
    images: {
      value: "A,B",
      help: "pictures to measure the loss on",
      list: true,
    },
    license: {
      value: "TEXT",
      help: "licence and owner of the weights, to store in the file",
    },
    labels: {
      value: "FILE",
      help: "names of the classes, one per line, to store in the file",
    },
    ...decodeOptions,
  },
  example: "layertap convert resnet50.pth resnet50.npz --images cat.jpg",
  async run({ values, operands: [input, output], io }) {
    const { arch, prefix, dtype, layer, license, images = [] } = values;
    const labels = values.labels ? await readLines(values.labels) : undefined;
    if (arch !== undefined) knownNetwork({ arch });
    const { convertWeights } = await import("../weights/convert.ts");
    const { writeFile } = await import("../weights/write_file.ts");
    const preset = await readPreset(values.preset, arch);
    const network = {
      arch,
      outputLayer: layer,
      prefix,
      preset,
      warn: warnOn(io),
    };
    const progress = await startProgress("convert", io);
    let packed: Uint8Array;
    try {
      packed = await convertWeights(input, {
        ...network,
        dtype,
        metadata: {
          ...license !== undefined && { license },
          ...labels && { labels },
        },
        onPacked: progress.update,
      });
      await writeFile(output, packed);
    } finally {
      progress.stop();
    }
    io.stdout.write(`${output}: ${packed.length} bytes, ${dtype}\n`);
    if (images.length === 0) {
      io.stdout.write("add --images A,B to measure the loss on pictures\n");
      return;
    }
    const { decodeImage } = await import("../image/decode.ts");
    const { measureLoss } = await import("../model/measure_loss.ts");
    const { draft: _, ...options } = readingOf(values, io);
    const pictures = await Promise.all(
      images.map((image) => decodeImage(image, options)),
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
});
