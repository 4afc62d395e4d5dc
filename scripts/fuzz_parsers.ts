/**
 * The parsers of weights, pictures and a worker's requests, good files for each, and how it refuses
 * others.
 *
 * @module
 */

import { gunzipSync, unzipSync } from "fflate";
import { bankStream, readBank } from "../src/anomaly/bank_file.ts";
import { imagenetPreset } from "../src/arch/preset.ts";
import { failReading } from "../src/errors/fail.ts";
import { KNearest, loadHead, NearestMean, Pca } from "../src/fit/mod.ts";
import { isRecord, parseJsonObject } from "../src/formats/json.ts";
import { openZip } from "../src/formats/zip.ts";
import { decodeNpy } from "../src/formats/npy.ts";
import { openByteSource } from "../src/runtime/open_source.ts";
import { chooseNetwork } from "../src/weights/choose_network.ts";
import { networkConfig } from "../src/weights/config/network_config.ts";
import { crc32 } from "../src/formats/crc32.ts";
import { decodeImage } from "../src/image/decode.ts";
import { openCheckpoint } from "../src/weights/open.ts";
import { writePacked } from "../src/weights/pack.ts";
import { unpickle } from "../src/weights/pickle.ts";
import { pthWorld } from "../src/weights/pth.ts";
import { openSharded } from "../src/weights/sharded.ts";
import { tensorsIn } from "../src/weights/tensors_in.ts";
import { arrowProtocol } from "../src/worker/arrow_protocol.ts";
import { requestBytes } from "../tests/worker/support.ts";
import { repositories } from "../tests/support/preset_goldens.ts";
import { checkpointOf, fileBytes } from "../tests/weights/fixtures.ts";

/** A file. */
export type Bytes = Uint8Array<ArrayBuffer>;

const jsonBytes = (value: unknown): Bytes =>
  new TextEncoder().encode(JSON.stringify(value));

/** What a parser gets, and what it may do. */
export interface Parser {
  /** Valid inputs to start from. */
  readonly samples: () => Promise<Bytes[]>;
  /** Parses an input, called "bytes" in messages. */
  readonly parse: (bytes: Bytes) => Promise<void>;
  /** Whether an error rejects the input properly. Default: a `SyntaxError` that names it. */
  readonly isRefusal?: (error: Error) => boolean;
  /** Whether the files in an archive are mutated too, and packed again. */
  readonly zip?: "stored" | "deflated";
  /** Makes checksums right, in every other input. */
  readonly fix?: (bytes: Bytes) => void;
  /** Bytes that any input may allocate at once. Default 1 MiB. */
  readonly free?: number;
}

/** Opens a checkpoint and reads all of it. */
async function readAll(bytes: Bytes): Promise<void> {
  const checkpoint = await openCheckpoint(bytes);
  for (const [name, { shape }] of checkpoint.tensors) {
    const { length } = await checkpoint.read(name);
    if (length !== shape.reduce((a, b) => a * b, 1)) {
      throw new Error(`${length} values for the shape [${shape}]`);
    }
  }
}

const files = (...names: string[]) => () =>
  Promise.resolve(names.map(fileBytes));

const checkpoints = (...names: string[]): Parser => ({
  samples: files(...names),
  parse: readAll,
});

/** Whether an error names the file and what is wrong with it. */
export const namesBytes = (error: Error) =>
  error instanceof SyntaxError && /"bytes[":]/.test(error.message);

/** A bank of four patches. */
async function bankSample(): Promise<Bytes> {
  const stream = bankStream({
    origin: {
      ...{ arch: "resnet18", layers: ["layer1"], preset: imagenetPreset },
      ...{ fingerprints: { layer1: "1-2-3" }, coreset: 0.5, seed: 0 },
      ...{ neighbors: 3, pictures: 1 },
    },
    rows: Float32Array.from({ length: 32 }, (_, i) => i),
    channels: 8,
    heldOut: { scores: Float64Array.of(1, 2), maxima: Float64Array.of(3, 4) },
  });
  return await new Response(stream).bytes();
}

/** Requests with and without bytes, and with a column that the worker ignores. */
function requestSamples(): Bytes[] {
  const content = new Uint8Array(64).fill(7);
  const one = { path: "one.png", content };
  return [
    requestBytes([[one, { path: "two.png" }]]),
    requestBytes([[one], [one, one, one], []]),
  ];
}

/** The network that the cases hold, but for its kind of block. */
const small = { name: "small", layers: [1, 1, 1, 1] } as const;

/** A picture's file, decoded by what its header says. */
const picture = (...names: string[]): Parser => ({
  samples: () => Promise.resolve(names.map(pictureBytes)),
  parse: async (bytes) => {
    await decodeImage(bytes, { maxPixels: 1e5, exifOrientation: true });
  },
  free: 2 ** 25, // A view of a decoder's memory counts.
  isRefusal: ({ name, message }) =>
    /^(Syntax|Range)Error$/.test(name) &&
    message.startsWith('cannot decode "bytes"'),
});

/** Heads that `layertap fit` writes. */
const head = (format: "json" | "npz"): Parser => ({
  samples: () =>
    Promise.all(
      [new NearestMean(), new KNearest({ k: 2 })].map((head) =>
        head.add([1, 2.5, -3], "cat").add([0, 4, 1e-9], "dog")
          .encode(format, { layer: "flatten" })
      ),
    ),
  parse: async (bytes) => {
    const head = await loadHead(bytes);
    await head.encode();
  },
});

/** Makes the CRCs of a PNG's chunks right. */
function fixCrcs(bytes: Bytes): void {
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) return;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
}

/** A file below tests/data. */
function pictureBytes(path: string): Bytes {
  const url = new URL(`../tests/data/${path}`, import.meta.url);
  const bytes = Deno.readFileSync(url);
  return path.endsWith(".gz") ? gunzipSync(bytes) as Bytes : bytes;
}

/** A parser's name. */
export type ParserName = keyof typeof parsers;

/** All parsers by name. */
export const parsers = {
  pickle: {
    samples: () => {
      const zipped = ["views.pth", "wrapped_model.pth", "train_script_4.pth"]
        .map((file) => {
          const entries = unzipSync(fileBytes(file));
          return entries[`${file.slice(0, -4)}/data.pkl`] as Bytes;
        });
      // Three pickles precede that of the tensors.
      const legacy = fileBytes("legacy_python_2.pth");
      const start = [1, 2, 3].reduce(
        (at) => unpickle(legacy, "bytes", pthWorld, at).end,
        0,
      );
      return Promise.resolve([...zipped, legacy.slice(start)]);
    },
    parse: (bytes) => {
      const { value } = unpickle(bytes, "bytes", pthWorld);
      tensorsIn(value, failReading("bytes"));
      return Promise.resolve();
    },
  },
  /** Banks of patches. */
  bank: {
    samples: async () => [await bankSample()],
    parse: async (bytes) => void await readBank(bytes),
    zip: "stored",
  },
  headJson: head("json"),
  headNpz: { ...head("npz"), zip: "stored" },
  pca: {
    samples: async () => {
      const one = Float64Array.of(1);
      const pca = new Pca({
        mean: Float64Array.of(1, 2),
        components: Float64Array.of(0.6, 0.8),
        explainedVariance: one,
        explainedVarianceRatio: one,
        singularValues: one,
        samples: 9,
        whiten: true,
      });
      return [await pca.encode({ layer: "flatten" })];
    },
    parse: async (bytes) => {
      await (await Pca.load(bytes)).encode();
    },
    zip: "stored",
  },
  /** The directory and the entries of archives. */
  zip: {
    samples: files("views.pth", "archive.pth", "plain_compressed.npz"),
    parse: async (bytes) => {
      const archive = await openZip(await openByteSource(bytes));
      for (const name of archive.entries.keys()) await archive.read(name);
    },
    zip: "deflated",
  },
  /** Search and choice of a network. */
  networks: {
    samples: () =>
      Promise.resolve(
        [
          "where_the_state_dict_is/dino.pth",
          "two_encoders/timm_ema.pth",
          "where_the_state_dict_is/sequential.pth",
          "whole_module/data_parallel.pth",
          "eps_zero/faster_rcnn.pth",
        ].map((file) =>
          new Uint8Array(gunzipSync(fileBytes(`../cases/${file}.gz`)))
        ),
      ),
    parse: async (bytes) => {
      const checkpoint = await openCheckpoint(bytes);
      const isDetector = [...checkpoint.tensors.keys()]
        .some((name) => name.includes("rpn"));
      const block = isDetector ? "Bottleneck" : "BasicBlock";
      const arch = { ...small, block } as const;
      chooseNetwork(checkpoint, { arch, outputLayer: "layer1" });
    },
    isRefusal: (error) =>
      namesBytes(error) ||
      /^(Type|Range)Error$/.test(error.name) && error.message.length < 600 &&
        /"bytes"/.test(error.message),
    zip: "stored",
  },
  pth: {
    ...checkpoints("views.pth", "dtypes.pth", "big_endian.pth", "archive.pth"),
    zip: "stored",
  },
  legacy: checkpoints(
    "legacy_views.pth",
    "legacy_dtypes.pth",
    "legacy_python_2.pth",
    "legacy_views_of_storages.pth",
  ),
  tar: checkpoints("tar.pth", "tar_python_2.pth"),
  safetensors: checkpoints("dtypes.safetensors", "state_dict.safetensors"),
  npz: {
    ...checkpoints("plain.npz", "plain_compressed.npz"),
    zip: "deflated",
  },
  npy: {
    samples: () =>
      Promise.resolve(
        Object.values(unzipSync(fileBytes("arrays.npz")))
          .map((npy) => new Uint8Array(npy)),
      ),
    parse: (bytes) => {
      decodeNpy(bytes, "bytes");
      return Promise.resolve();
    },
  },
  packed: {
    samples: () =>
      Promise.all(
        (["float32", "float16", "int8"] as const).map(async (dtype) =>
          await writePacked(await openCheckpoint(fileBytes("tiny.pth")), {
            dtype,
          })
        ),
      ),
    parse: readAll,
    zip: "deflated",
  },
  config: {
    samples: () =>
      Promise.resolve(
        repositories.filter(({ refused }) => !refused).map(({ files }) => {
          const [config, processor] = Object.values(files)
            .map(({ id2label: _, label2id: __, ...rest }) => rest);
          return jsonBytes({ config, processor });
        }),
      ),
    parse: (bytes) => {
      const { config, processor } = parseJsonObject(
        bytes,
        failReading("bytes"),
      );
      if (!isRecord(config)) return Promise.resolve();
      const configs = networkConfig(
        "bytes",
        config,
        isRecord(processor) ? processor : undefined,
      );
      configs.row();
      configs.preset("default");
      configs.preset("test");
      return Promise.resolve();
    },
    isRefusal: (error) =>
      namesBytes(error) ||
      error instanceof RangeError && error.message.startsWith("bytes/"),
  },
  index: {
    samples: () =>
      Promise.resolve([
        jsonBytes({ weight_map: { a: "1.safetensors", b: "2.safetensors" } }),
      ]),
    parse: async (bytes) => {
      const open = () =>
        Promise.resolve(checkpointOf(
          new Map(["a", "b"].map((name) => [
            name,
            { shape: [1], data: new Float32Array(1) },
          ])),
        ));
      const sharded = await openSharded(bytes, "bytes", open);
      for (const name of sharded.tensors.keys()) await sharded.read(name);
      sharded.close();
    },
  },
  png: {
    ...picture(
      "image/rgb.png",
      "image/interlaced_palette4.png",
      "cases/pictures/exif_orientation/raw_profile.png.gz",
      "cases/pictures/png_end/rows_missing.png.gz",
    ),
    fix: fixCrcs,
  },
  webp: picture(
    "image/lossy_alpha.webp",
    "image/lossless.webp",
    "cases/pictures/pictures/anim_part.webp.gz",
    "cases/pictures/pictures/anim.webp.gz",
  ),
  arrow: {
    samples: () => Promise.resolve(requestSamples()),
    parse: async (bytes) => {
      const { requests } = await arrowProtocol({
        columns: [],
        maxBytes: 2 ** 28,
        timings: false,
        about: {},
      });
      for await (const pictures of requests(new Blob([bytes]).stream())) {
        for (const { path, content } of pictures) {
          if (path.length + (content?.length ?? 0) > bytes.length) {
            throw new Error("a picture has more bytes than the stream");
          }
        }
      }
    },
    isRefusal: ({ name, message }) =>
      name === "SyntaxError" && /"input"|^request batch/.test(message) ||
      name === "RangeError" && message.startsWith("request"),
  },
} satisfies Record<string, Parser>;
