import { expected } from "../errors/expected.ts";
import type { ExtractFilesOptions } from "../extract/compute_nodes.ts";
import { type KnownOrigin, originIn } from "../extract/vector_file.ts";
import type { Head } from "../fit/load_head.ts";
import { command, type Io, UsageError, type Values } from "./command.ts";
import { Failures } from "./failures.ts";
import { featuresLike } from "./features_like.ts";
import { type ClassPicture, classPictures, fillHead } from "./fit_head.ts";
import {
  frameOptions,
  readingOf,
  threadedFileOptions,
} from "./picture_files.ts";
import { openModel } from "./network.ts";
import { integer, modelOptions } from "./options.ts";
import { isStdout, say } from "./output.ts";
import { openPca, pcaOption, requireOrigin } from "./pca_option.ts";
import { type Progress, startCount } from "./progress.ts";

const options = {
  out: {
    value: "FILE",
    help: "the head to write, .npz or .json; - for JSON on stdout",
    required: true,
  },
  kind: {
    value: "KIND",
    help:
      "the nearest mean of a class, the nearest pictures, or a linear layer",
    choices: ["mean", "nearest", "softmax"],
    default: "mean",
  },
  metric: {
    value: "NAME",
    help: "how mean and nearest measure distances",
    choices: ["euclidean", "cosine"],
    default: "euclidean",
  },
  k: {
    value: "N",
    help: "the number of nearest pictures that vote",
    default: "5",
    read: integer(1),
  },
  in: {
    value: "FILE",
    help: "a head of kind mean or nearest to go on with",
  },
  layer: {
    value: "LAYER",
    help: "the layer whose features are used",
    default: "flatten",
  },
  pool: {
    value: "KIND",
    help: "how maps are pooled",
    choices: ["avg", "max", "catavgmax", "gem"],
    default: "avg",
  },
  ...pcaOption,
  ...threadedFileOptions,
  ...frameOptions,
  ...modelOptions,
} as const;

/** `layertap fit`: a classifier from folders of pictures. */
export const fit = command({
  purpose: "fit a head to pictures, for classify --head: one folder per class",
  operands: ["<folder…>"],
  options,
  example: "layertap fit photos/ --out head.npz",
  async run({ values, operands, io }) {
    const { out } = values;
    if (!isStdout(out) && !/\.(npz|json)$/i.test(out)) {
      const what = "a name that ends in .npz or .json, or - for stdout";
      throw new UsageError(expected("--out", what, out));
    }
    const failures = new Failures();
    const pictures = await classPictures(operands, io, failures);
    if (pictures.length === 0) return failures.finish(io, 0);
    const { head, about, count } = await fitted(pictures, values, failures, io);
    if (isStdout(out)) io.stdout.write(await head.encode("json", about));
    else await head.save(out, about);
    const classes = head.labels!.length;
    say(
      `${isStdout(out) ? "stdout" : out}: ${count} pictures, ` +
        `${classes} ${classes === 1 ? "class" : "classes"}`,
      out,
      io,
    );
    failures.finish(io, pictures.length, "; the head knows the others");
  },
});

type FitValues = Values<typeof options>;

interface Fitted {
  readonly head: Head;
  readonly about: KnownOrigin & { readonly layer: string };
  /** The number of pictures that were learnt now. */
  readonly count: number;
}

/** Fits a new head, or goes on with one. */
async function fitted(
  pictures: readonly ClassPicture[],
  values: FitValues,
  failures: Failures,
  io: Io,
): Promise<Fitted> {
  const files = pictures.map(({ path }) => path);
  let progress: Progress | undefined;
  const onPicture = async (done: number) => {
    const total = () => Promise.resolve(files.length);
    progress ??= await startCount("fit", io, total);
    progress.update(done);
  };
  const fill = (features: Parameters<typeof fillHead>[1], given?: Head) =>
    fillHead(pictures, features, { ...values, given, failures, onPicture });
  try {
    const pca = await openPca(values.pca);
    if (values.in !== undefined) {
      const { openHead } = await import("./head_option.ts");
      const { head: given, kind } = await openHead(values.in, pca);
      const { head, count } = await fill(
        featuresLike(kind, files, values, io),
        given,
      );
      return { head, count, about: { ...kind.about, layer: kind.layer } };
    }
    const { layer } = values;
    using model = await openModel(values, [layer], io);
    const reading: ExtractFilesOptions = {
      ...readingOf(values, io),
      pool: values.pool,
      pca,
    };
    if (pca) {
      const fingerprint = await model.fingerprint(layer);
      await requireOrigin(pca, layer, values.pool, fingerprint);
    }
    const { featureOrigin } = await import("../extract/feature_origin.ts");
    const { extractFiles } = await import("../extract/extract_files.ts");
    const { weights } = values;
    const origin = await featureOrigin(model, [layer], { ...reading, weights });
    const { head, count } = await fill(
      extractFiles(model, files, [layer], reading),
    );
    const about = originIn(JSON.parse(JSON.stringify(origin)));
    return { head, count, about: { ...about, layer } };
  } finally {
    progress?.stop();
  }
}
