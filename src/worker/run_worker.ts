/**
 * A long-lived worker: requests in, features out, for engines that bring pictures to processes.
 *
 * @module
 */

import {
  checkExtraction,
  computeNodes,
  type ExtractFilesOptions,
} from "../extract/extract_files.ts";
import { startInputLoader } from "../extract/input_loader.ts";
import { batchSize } from "../extract/inputs.ts";
import type { NamedBytes } from "../extract/load_input.ts";
import type { ResNet } from "../model/model.ts";
import type { FeatureType } from "../tables/feature_table.ts";
import type { JsonValues } from "../tables/jsonl.ts";
import { answerRequests } from "./answer_requests.ts";
import type { Protocol, ProtocolSettings, Request } from "./request.ts";
import { Window } from "./window.ts";

/** How {@linkcode runWorker} works. */
export interface WorkerOptions extends ExtractFilesOptions {
  /** Arrow IPC streams, or JSON Lines. Default `"arrow"`. */
  readonly protocol?: "arrow" | "jsonl";
  /**
   * Requests that are taken before the oldest of them is answered. Default 2 for `"arrow"`, whose
   * requests are batches, 16 for `"jsonl"`.
   */
  readonly window?: number;
  /** Bytes of a request, at most. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Whether answers tell the seconds of decoding and of computing. Default `false`. */
  readonly timings?: boolean;
  /** How `"jsonl"` has numbers. Default `"base64"`. */
  readonly jsonValues?: JsonValues;
  /** Threads that decode; with 0 pictures are decoded between two batches. Default 0. */
  readonly decoders?: number;
}

/**
 * Answers requests for nodes of pictures until their stream ends, in order.
 *
 * As many requests are under way as the window has; memory is bounded by these. Where answers are
 * not taken, requests are not read. Pictures that wait run together, 8 at most; a picture that can't
 * be read is answered with its error. Before the first request a batch of zeros is computed.
 *
 * `"arrow"`: one IPC stream each way, one answer batch for each request batch. In: `path`, a string,
 * and `content`, binary, or null for the file of that name. Out: `path`, a list of float32 for each
 * node, C order, `error`; with `timings` also `decode_seconds` and `compute_seconds`. The schema is
 * written when the worker is ready. `"jsonl"`: `{"path": …}`, `{"path": …, "base64": …}` or a path in,
 * a line of a `.jsonl` file out.
 *
 * @param model A model; cut it at the deepest of the nodes to load no more than is needed.
 * @param names Nodes, as for {@linkcode ResNet.extract}.
 * @param input Requests.
 * @param write Takes answers; the next is not computed before its promise is kept.
 * @throws {RangeError} If {@linkcode extractFiles} would throw it, or a request has more bytes than
 *   allowed.
 * @throws {SyntaxError} If what comes is no request, or the stream ends inside of one. What came
 *   before has been answered.
 *
 * @example A picture by a line of JSON
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
  await using loader = startInputLoader(model.preset, decoders);
  const protocol = await protocolOf(kind, options, {
    columns: await warmUp(model, nodes, options),
    maxBytes,
    timings: options.timings ?? false,
    about: { arch: model.arch, layout, pool, normalize },
  });
  const window = new Window<Request>(
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
    stop.abort(); // Nobody takes what may still come.
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

/** Runs a batch of zeros, so that the first picture waits for no compiler; gives what nodes are like. */
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
