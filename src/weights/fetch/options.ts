/**
 * The options for fetching weights.
 *
 * @module
 */

import type { WeightsDType } from "../../arch/weights_dtype.ts";

/** The progress of a download. */
export interface FetchProgress {
  /** The URL. */
  readonly source: string;
  /** Bytes that have arrived. */
  readonly loaded: number;
  /** Bytes that will arrive in all; undefined until the needed ranges are known. */
  readonly total?: number;
  /**
   * How the bytes are checked: `"sha256"` by the published hash of the whole file; `"crc32"`,
   * weaker, by the checksums inside the file, if only parts are fetched or no hash is known;
   * `"none"` by their number alone.
   */
  readonly check: "sha256" | "crc32" | "none";
}

/** A server of your own packed weights. */
export interface WeightsBase {
  /** A folder of packed weights and their `manifest.json`; it ends in `/`. */
  readonly url: string;
  /**
   * Which of its files. Default `"float16"`: half the bytes of float32, and features that agree with
   * it to 5 digits. `convertWeights` and `measureLoss` take `"float32"` unless told otherwise.
   */
  readonly dtype?: WeightsDType;
}

/** How weights are fetched and cached. */
export interface FetchOptions {
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Aborts a download; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called each time bytes arrive. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /**
   * Whether to keep what was fetched: on Deno, Node and Bun in a folder, `$LAYERTAP_CACHE` or the
   * platform's cache folder; elsewhere in the Cache API. A string is the path of another folder. A
   * cached URL is used without asking its server again. Default true.
   */
  readonly cache?: boolean | string;
  /**
   * A host of packed weights, or its URL: `true` and the names of entries load the packed file from
   * there. Default `$LAYERTAP_WEIGHTS`.
   */
  readonly weightsBase?: string | WeightsBase;
  /** The most bytes of a file of weights. Default 2 GiB from a server, 4 GiB on disk. */
  readonly maxBytes?: number;
  /** Seconds for a server to begin its answer; then it is asked again. Default 30. */
  readonly answerSeconds?: number;
  /**
   * The longest pause of an answer, and the seconds that it may take in addition to one for each 100
   * kB; then it is continued by another request, a few times. Default 10.
   */
  readonly bodySeconds?: number;
  /** Called with a warning. Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** Settings that only this package and its tests use. */
export interface FetchSettings extends FetchOptions {
  /** Attempts to get a server's first bytes. Default 5. */
  readonly firstAttempts?: number;
  /** Milliseconds to wait after that many failures in a row. */
  readonly retryDelay?: (failures: number) => number;
  /** Which file of a `weightsBase` that names no `dtype`. Default `"float16"`. */
  readonly baseDType?: WeightsDType;
}
