import type { FetchOptions, FetchProgress } from "./options.ts";

/** Counts what arrives of a file, and tells whoever wants to know. */
export class Progress {
  /** Bytes that have arrived. */
  loaded = 0;
  /** Bytes that will arrive in all, if that is known. */
  total: number | undefined;
  /** What they are checked by. */
  check: FetchProgress["check"] = "none";

  constructor(
    readonly source: string,
    readonly onProgress: FetchOptions["onProgress"],
  ) {}

  /** Notes that bytes have arrived. */
  add(bytes: number): void {
    const { source, total, check } = this;
    this.loaded += bytes;
    this.onProgress?.({ source, loaded: this.loaded, total, check });
  }
}
