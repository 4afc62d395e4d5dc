import { namedFile } from "../runtime/named_file.ts";
import { command } from "./command.ts";
import { Failures } from "./failures.ts";
import { knownNetwork, warnOn } from "./network.ts";
import { cutOption, prefixOption, readLines, shortTypes } from "./options.ts";
import { decodeOptions, readingOf } from "./picture_files.ts";
import { openOutput, say } from "./output.ts";
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
      help: "measure the loss on these pictures",
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
    const target = await openOutput("<out>", output, [".npz"], 1, io);
    const preset = await readPreset(values.preset, arch);
    const network = {
      arch,
      outputLayer: layer,
      prefix,
      preset,
      warn: warnOn(io),
    };
    const progress = await startProgress("convert", io);
    let packed: Uint8Array, written: string;
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
      written = await target.write(packed, input);
    } finally {
      progress.stop();
    }
    const print = (line: string) => say(line, output, io);
    print(`${written}: ${packed.length} bytes, ${dtype}`);
    if (images.length === 0) return;
    const { decodeImage } = await import("../image/decode.ts");
    const { measureLoss } = await import("../model/measure_loss.ts");
    const { draft: _, ...options } = readingOf(values, io);
    const failures = new Failures();
    const decoded = images.map((image) =>
      namedFile(image, options)
        .then((file) => decodeImage(file, options))
        .catch((error) => failures.picture(error))
    );
    const pictures = (await Promise.all(decoded)).flatMap((one) => one ?? []);
    if (pictures.length > 0) {
      const losses = await measureLoss(input, packed, pictures, network);
      print(`${"".padEnd(12)}  cosine   largest error`);
      for (const { layer, cosine, largestError, largestValue } of losses) {
        const error = largestError.toPrecision(2).padStart(8);
        const of = `of ${largestValue.toPrecision(3)}`;
        print(`${layer.padEnd(12)}  ${cosine.toFixed(6)}  ${error} ${of}`);
      }
    }
    failures.finish(io, images.length);
  },
});
