import { expected } from "../errors/expected.ts";
import { command, UsageError } from "./command.ts";
import { openOutput, say } from "./output.ts";

/** `layertap pca`: a principal component analysis of extracted features. */
export const pca = command({
  purpose: "fit a PCA to a file of features, for extract and similar",
  operands: ["<features>"],
  options: {
    out: {
      value: "FILE",
      help: "the .npz to write, or - for stdout",
      required: true,
    },
    components: {
      value: "N",
      help: "how many numbers to keep; or, below 1, the share of the variance",
      default: "128",
      read(text: string) {
        const number = Number(text);
        const isShare = number > 0 && number < 1;
        if (isShare || Number.isInteger(number) && number > 0) return number;
        const what = "an integer of at least 1, or a share such as 0.95";
        throw new RangeError(expected("", what, text));
      },
    },
    layer: {
      value: "LAYER",
      help: "the layer (default: the only one in the file)",
    },
    whiten: { help: "scale each component to a variance of 1" },
  },
  example: "layertap pca features.parquet --components 128 --out pca.npz",
  async run({ values, operands: [input], io }) {
    const { out, components, layer, whiten } = values;
    const output = await openOutput("--out", out, [".npz"], 1, io);
    const { readMatrix } = await import("../extract/read_matrix.ts");
    const { startBackend } = await import("../backend/start.ts");
    const { fitPca } = await import("../fit/fit_pca.ts");
    const { tensor2d } = await import("../fit/tensor2d.ts");
    const { data, shape, node, about } = await readMatrix(input, layer);
    if (about.pca !== undefined) {
      throw new UsageError(`"${input}" was reduced by a PCA already`);
    }
    await startBackend();
    const features = tensor2d(data, shape);
    try {
      const fit = await fitPca(features, components, { whiten });
      const written = await output.write(
        await fit.encode({ ...about, layer: node }),
      );
      const [count, size] = fit.shape;
      const kept = fit.explainedVarianceRatio.reduce((a, b) => a + b);
      say(
        `${written}: ${count} of ${size} numbers keep ` +
          `${(100 * kept).toFixed(1)} % of the variance of ${
            shape[0]
          } pictures`,
        out,
        io,
      );
    } finally {
      features.dispose();
    }
  },
});
