/**
 * What an operator can say about a handler.
 *
 * @module
 */

import type { ArchName, ArchRow } from "../arch/table.ts";
import type { BackendOptions } from "../backend/start.ts";
import type { FileSource } from "../runtime/open_source.ts";
import type { DecoderModules } from "../image/load_decoder.ts";
import type { ModelOptions } from "../model/options.ts";
import type { LogEntry } from "./log.ts";

/** The network that a handler serves, and how. */
export interface HandlerOptions {
  /** As for `createModel`: a name, or a row of one's own. Default: `"mlnet_resnet18"`, which ships. */
  readonly arch?: ArchName | ArchRow | (string & Record<never, never>);
  /** The last node that clients can ask for. Default: the whole network. */
  readonly outputLayer?: string | null;
  /** As for `createModel`. Default `true`: the official weights, or those that ship. */
  readonly pretrained?: boolean | FileSource;
  /** What `createModel` takes besides, as far as it can be sent to a worker. */
  readonly model?: Omit<
    ModelOptions,
    "fetch" | "signal" | "onProgress" | "warn"
  >;
  /** As for `startBackend`: threads, kernels, compiled builds. */
  readonly backend?: BackendOptions;
  /** Compiled decoders, for runtimes that can't import `.wasm` modules by themselves. */
  readonly decoders?: DecoderModules;
  /** Names of the classes, in the order of `fc`'s outputs. As for `classify`. */
  readonly labels?: readonly string[];
  /**
   * Whether the network runs in a worker, so that the server answers while it computes. Default:
   * where there is `node:worker_threads`, as in Deno and Node.
   */
  readonly worker?: boolean;
  /** Pictures that run together, and the most that one request may bring. Default 8. */
  readonly batchSize?: number;
  /** What is refused, and when. */
  readonly limits?: Partial<Limits>;
  /**
   * Hosts that pictures may be fetched from, `"example.org"` or `"example.org:8080"`. Default:
   * none; then lists of URLs are refused.
   */
  readonly allowedHosts?: readonly string[];
  /** Told of every request that was answered. */
  readonly log?: (entry: LogEntry) => void;
}

/** What a handler refuses. */
export interface Limits {
  /** Bytes of a body, and of all pictures fetched for a request: 413. Default 10 MiB. */
  readonly bodyBytes: number;
  /** Bytes of the values that a request asks for, as float32: 422. Default 8 MiB. */
  readonly answerBytes: number;
  /** Pixels of a picture, seen in its header before it is decoded: 413. Default 25 million. */
  readonly pixels: number;
  /** Requests that are read, wait, run or are answered at a time; one more gets 429. Default 32. */
  readonly requests: number;
  /** Seconds until a body must be there: 408. Default 10. */
  readonly bodySeconds: number;
  /**
   * Seconds until the answer must be there: 504. A worker that takes longer for a batch is started
   * anew; a client that takes longer to fetch a part of its answer is cut off. Default 30.
   */
  readonly seconds: number;
}

const defaultLimits: Limits = {
  bodyBytes: 10 << 20,
  answerBytes: 8 << 20,
  pixels: 25_000_000,
  requests: 32,
  bodySeconds: 10,
  seconds: 30,
};

/** The options with their defaults. */
export type Settings =
  & Required<Omit<HandlerOptions, "limits" | "labels" | "worker" | "log">>
  & Pick<HandlerOptions, "labels" | "worker" | "log">
  & { readonly limits: Limits };

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a number is out of bounds.
 * @throws {TypeError} If `allowedHosts` holds what is no host.
 */
export function withDefaults(options: HandlerOptions): Settings {
  const {
    arch = "mlnet_resnet18",
    outputLayer = null,
    pretrained = true,
    model = {},
    backend = {},
    decoders = {},
    batchSize = 8,
    allowedHosts = [],
    labels,
    worker,
    log,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    // A timer knows no longer time than 24 days.
    const most = /seconds/i.test(name) ? 1e6 : Infinity;
    if (typeof value === "number" && value > 0 && value <= most) continue;
    throw new RangeError(
      `createHandler: limits.${name} is ${value}, numbers above 0 ` +
        `${most < Infinity ? `and up to ${most} ` : ""}are allowed`,
    );
  }
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(
      `createHandler: batchSize is ${batchSize}, integers from 1 are allowed`,
    );
  }
  return {
    ...{ arch, outputLayer, pretrained, model, backend, decoders, labels },
    ...{ batchSize, worker, log, limits },
    allowedHosts: allowedHosts.map(host),
  };
}

/** A host as `URL` writes it. */
function host(text: string): string {
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : null;
  if (url && url.href === `http://${url.host}/`) return url.host;
  throw new TypeError(
    `createHandler: allowedHosts has ${JSON.stringify(text)}, ` +
      `hosts as "example.org" or "example.org:8080" are allowed`,
  );
}
