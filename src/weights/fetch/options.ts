/**
 * What a caller can say about how weights come over the network.
 *
 * @module
 */

import type { WeightsDType } from "../../arch/weights_dtype.ts";

/** How far a download is. */
export interface FetchProgress {
  /** What is fetched: its URL. */
  readonly source: string;
  /** Bytes that have arrived. */
  readonly loaded: number;
  /** Bytes that will arrive in all, as soon as it is known which are needed. */
  readonly total?: number;
  /**
   * What the bytes are checked by: `"sha256"` by the published hash of the whole file;
   * `"crc32"`, weaker, by the checksums within the file, where only parts of it are fetched or
   * no hash is known; `"none"` by their number alone.
   */
  readonly check: "sha256" | "crc32" | "none";
}

/** How weights come over the network, and where they are kept. */
export interface FetchOptions {
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Ends a download at once; what was asked for is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told how far a download is, each time bytes arrive. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /**
   * Whether what was fetched is kept for the next time: in a folder, `$LAYERTAP_CACHE` or the
   * platform's place for caches, on Deno, Node and Bun; in the Cache API elsewhere. A string is
   * another folder. What is kept of a URL is used without asking its server again. Default true.
   */
  readonly cache?: boolean | string;
  /**
   * A URL that ends in `/`, of a folder of packed weights and their `manifest.json`: `true` and
   * the names of entries take the packed file from there. Default `$LAYERTAP_WEIGHTS`.
   */
  readonly weightsBase?: string;
  /**
   * Which of that folder's files. Default `"float16"`: half the bytes of float32, and features
   * that agree with it to 5 digits.
   */
  readonly dtype?: WeightsDType;
  /** Told what is odd but no error. Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** The same with what is not for users. */
export interface FetchSettings extends FetchOptions {
  /** How often a server is asked for the first bytes before it is given up. Default 5. */
  readonly firstAttempts?: number;
  /** Milliseconds to wait after so many failures in a row. */
  readonly retryDelay?: (failures: number) => number;
}
