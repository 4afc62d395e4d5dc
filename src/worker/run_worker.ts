/**
 * A long-lived worker: requests in, features out.
 *
 * @module
 */

import {
  checkExtraction,
  computeNodes,
  type ExtractFilesOptions,
} from "../extract/compute_nodes.ts";
import { startInputLoader } from "../extract/input_loader.ts";
import { batchSize } from "../extract/input_batches.ts";
import type { NamedBytes } from "../extract/load_input.ts";
import type { ResNet } from "../model/model.ts";
import type { FeatureType } from "../tables/feature_table.ts";
import type { JsonValues } from "../tables/jsonl.ts";
import { answerRequests } from "./answer_requests.ts";
import type { Protocol, ProtocolSettings } from "./protocol.ts";
import { RequestWindow } from "./request_window.ts";

/** Options of {@linkcode runWorker}. */
export interface WorkerOptions extends ExtractFilesOptions {
  /** Arrow IPC streams, or JSON Lines. Default `"arrow"`. */
  readonly protocol?: "arrow" | "jsonl";
  /**
   * The most outstanding requests: read, but not yet answered. Default 2 for `"arrow"`, whose
   * requests are batches, 16 for `"jsonl"`.
   */
  readonly window?: number;
  /** The most bytes that a request may have. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Whether answers include the seconds of decoding and computing. Default `false`. */
  readonly timings?: boolean;
  /** How `"jsonl"` writes numbers. Default `"base64"`. */
  readonly jsonValues?: JsonValues;
  /** Threads that decode pictures; 0 decodes them between batches, in this thread. Default 0. */
  readonly decoders?: number;
}

/**
 * Answers requests for the nodes of pictures, in order, until the input ends.
 *
 * At most `window` requests are outstanding, which bounds the memory; the input is not read while
 * answers are not taken. Up to 8 pictures that wait run as one batch. The answer to a picture that
 * can't be read is its error. A batch of zeros warms up the network before the first request.
 *
 * `"arrow"`: one IPC stream each way, one batch of answers for each batch of requests. In: `path`, a
 * string, and `content`, binary, or null to read the file at `path`. Out: `path`, a list of float32
 * for each node (C order), `error`; with `timings` also `decode_seconds` and `compute_seconds`. The
 * schema is written as soon as the worker is ready. `"jsonl"`: a line with `{"path": …}`,
 * `{"path": …, "base64": …}` or just a path in, a line of a `.jsonl` file out.
 *
 * Names of files are paths, unless `allowedHosts` has the host of a URL; `root` bounds where they lead.
 *
 * @param model A model; create it with the same names to load no more than they need.
 * @param names Nodes, as for `ResNet.extract`.
 * @param input Requests.
 * @param write Takes answers; the next one is computed after its promise resolves.
 * @throws {RangeError} If a node or an option is unknown, or a request is too large.
 * @throws {SyntaxError} If the input is not a request, or ends inside one. All requests before that
 *   are answered.
 *
 * @example Two paths as JSON Lines, one of them wrong
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { runWorker } from "@layertap/resnet/worker";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const lines = new Blob(['{"path":"examples/images/chelsea.png"}\n', "no.png\n"]);
 * let text = "";
 * await runWorker(model, ["flatten"], lines.stream(), (bytes) => {
 *   text += new TextDecoder().decode(bytes);
 * }, { protocol: "jsonl" });
 * const [chelsea, missing] = text.trim().split("\n").map((line) => JSON.parse(line));
 * assert.deepEqual(chelsea.flatten.shape, [512]);
 * assert.equal(missing.error, 'cannot open "no.png": there is no such file');
 * ```
 */
export async function runWorker(
  model: ResNet,
  names: readonly string[],
  input: ReadableStream<Uint8Array>,
  write: (bytes: Uint8Array) => void | Promise<void>,
  options: WorkerOptions = {},
): Promise<void> {
  const { protocol: kind = "arrow", decoders = 0, layout = "nchw" } = options;
  checkExtraction(model, names, options);
  const nodes = [...new Set(names)];
  const { pool = "none", normalize = false, maxBytes = 2 ** 28 } = options;
  const { allowedHosts = [] } = options;
  await using loader = startInputLoader(model.preset, decoders, {
    ...options,
    allowedHosts,
  });
  const protocol = await protocolOf(kind, options, {
    columns: await warmUp(model, nodes, options),
    maxBytes,
    timings: options.timings ?? false,
    about: { arch: model.arch, layout, pool, normalize },
  });
  const window = new RequestWindow(
    options.window ?? (kind === "arrow" ? 2 : 16),
  );
  const extraction = {
    ...{ model, names: nodes, options },
    load: (file: string | NamedBytes) => loader.load(file),
    isParallel: decoders > 0,
  };
  const stop = new AbortController();
  const source = input.pipeThrough(new TransformStream(), stop);
  try {
    await write(protocol.head);
    void window.fill(protocol.requests(source));
    for await (const answers of answerRequests(window, extraction)) {
      await write(protocol.encode(answers));
      window.answered();
    }
    await write(protocol.tail);
  } finally {
    stop.abort(); // Ends reading, whatever may still come.
  }
}

async function protocolOf(
  kind: "arrow" | "jsonl",
  { jsonValues = "base64" }: WorkerOptions,
  settings: ProtocolSettings,
): Promise<Protocol> {
  if (kind === "arrow") {
    const { arrowProtocol } = await import("./arrow_protocol.ts");
    return await arrowProtocol(settings);
  }
  const { jsonlProtocol } = await import("./jsonl_protocol.ts");
  return jsonlProtocol(settings, jsonValues);
}

/** Runs a batch of zeros, so that the first picture finds compiled code; returns the nodes' types. */
async function warmUp(
  model: ResNet,
  names: readonly string[],
  options: ExtractFilesOptions,
): Promise<FeatureType[]> {
  const { cropSize } = model.preset;
  const zeros = Array.from({ length: batchSize }, () => ({
    data: new Float32Array(cropSize * cropSize * 3),
    shape: [cropSize, cropSize, 3],
  }));
  const arrays = await computeNodes(model, zeros, names, options);
  return arrays.map(([name, { shape: [, ...shape] }]) => ({
    name,
    dtype: "float32",
    shape,
  }));
}
