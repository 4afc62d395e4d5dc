/**
 * The options of a handler.
 *
 * @module
 */

import type { ArchName, ArchRow } from "../arch/table.ts";
import type { BackendOptions } from "../backend/start.ts";
import type { FileSource } from "../runtime/open_source.ts";
import type { DecoderModules } from "../image/load_decoder.ts";
import { hostOf } from "../runtime/fetch_allowed.ts";
import { expected, requireInteger } from "../errors/expected.ts";
import type { ModelOptions } from "../model/options.ts";
import type { LogEntry } from "./log.ts";

/** The network that a handler serves, and its limits. */
export interface HandlerOptions {
  /**
   * As for `createModel`: a name, a row, or null to find it from the weights. Default
   * `"mlnet_resnet18"`, which is included.
   */
  readonly arch?: ArchName | ArchRow | (string & Record<never, never>) | null;
  /** The last layer that clients can ask for; of a list, the deepest. Default: the whole network. */
  readonly outputLayer?: string | readonly string[] | null;
  /** As for `createModel`. Default `true`: the included or the official weights. */
  readonly pretrained?: boolean | FileSource;
  /** Other options of `createModel`, except those that can't be sent to a thread. */
  readonly model?: Omit<
    ModelOptions,
    "fetch" | "signal" | "onProgress" | "warn"
  >;
  /**
   * As for `startBackend`: threads, kernels, compiled builds. In a separate thread, stock kernels
   * compute with one thread.
   */
  readonly backend?: BackendOptions;
  /** Compiled decoders, for runtimes that can't import `.wasm` modules. */
  readonly decoders?: DecoderModules;
  /** Decodes JPEGs smaller, as `extractFiles` with `draft` does. Default `false`. */
  readonly draft?: boolean;
  /** Turns pictures by their EXIF orientation, unless a request says otherwise. Default `false`. */
  readonly exifOrientation?: boolean;
  /** A bank of good pictures on the same network, for `POST /anomaly`: see `fitPatchCore`. */
  readonly bank?: FileSource;
  /** Names of the classes, in the order of `fc`'s outputs, as for `classify`. */
  readonly labels?: readonly string[];
  /**
   * Whether the network runs in a separate thread, so that the server answers while it computes.
   * Default: if the runtime has `node:worker_threads`, as Deno and Node do.
   */
  readonly thread?: boolean;
  /** The most pictures in a batch, and in a request. Default 8. */
  readonly batchSize?: number;
  /** Bounds for requests; beyond them they are refused. */
  readonly limits?: Partial<Limits>;
  /**
   * Hosts that pictures may be fetched from, `"example.org"` or `"example.org:8080"`. Default: none,
   * and lists of URLs are refused.
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Whether to answer only requests whose host is `localhost`, 127.x.x.x or `[::1]`; others get 421.
   * For a server that listens on loopback: a page in a browser may let its own name lead there.
   * Default `false`.
   */
  readonly onlyLoopback?: boolean;
  /** Called after each answer. */
  readonly log?: (entry: LogEntry) => void;
}

/** Bounds for requests, and the status of those that exceed them. */
export interface Limits {
  /** Bytes of a body, or of all pictures fetched for a request: 413. Default 32 MiB. */
  readonly maxBytes: number;
  /** Bytes of the features of an answer, as float32: 422. Default 8 MiB. */
  readonly answerBytes: number;
  /** Pixels of a picture, checked before it is decoded: 413. Default 50 million. */
  readonly maxPixels: number;
  /** Requests in progress at a time: 429. Default 32. */
  readonly requests: number;
  /**
   * The longest pause of a body, and the seconds that it may take in addition to one for each
   * 100 kB: 408. Also for each picture that the server fetches: 422. Default 10.
   */
  readonly bodySeconds: number;
  /**
   * Seconds for the answer once the body has arrived: 504. A thread that takes longer for a batch is restarted; a client that
   * takes longer to fetch a part of its answer is cut off. Default 30.
   */
  readonly seconds: number;
}

const defaultLimits: Limits = {
  maxBytes: 32 << 20,
  answerBytes: 8 << 20,
  maxPixels: 50_000_000,
  requests: 32,
  bodySeconds: 10,
  seconds: 30,
};

/** The options with their defaults. */
export type Settings =
  & Required<
    Omit<HandlerOptions, "limits" | "labels" | "bank" | "thread" | "log">
  >
  & Pick<HandlerOptions, "labels" | "bank" | "thread" | "log">
  & { readonly limits: Limits };

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a number is out of bounds.
 * @throws {TypeError} If `allowedHosts` has anything but hosts.
 */
export function withDefaults(options: HandlerOptions): Settings {
  const {
    arch = "mlnet_resnet18",
    outputLayer = null,
    pretrained = true,
    model = {},
    backend = {},
    decoders = {},
    draft = false,
    exifOrientation = false,
    batchSize = 8,
    allowedHosts = [],
    onlyLoopback = false,
    labels,
    bank,
    thread,
    log,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    // Timers go up to 24 days.
    const most = /seconds/i.test(name) ? 1e6 : Infinity;
    if (typeof value === "number" && value > 0 && value <= most) continue;
    const upTo = most < Infinity ? ` and up to ${most}` : "";
    throw new RangeError(
      expected(`limits.${name}`, `a number above 0${upTo}`, value),
    );
  }
  requireInteger("batchSize", batchSize, 1);
  return {
    ...{ arch, outputLayer, pretrained, model, backend, decoders, draft },
    exifOrientation,
    ...{ onlyLoopback, labels, bank },
    ...{ batchSize, thread, log, limits },
    allowedHosts: allowedHosts.map(hostOf),
  };
}
