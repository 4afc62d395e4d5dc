import type { FetchOptions, FetchProgress } from "./options.ts";

/** Counts the bytes of a file as they arrive, and reports them. */
export class Progress {
  /** Bytes that have arrived. */
  loaded = 0;
  /** Bytes that will arrive in all, if known. */
  total: number | undefined;
  /** What checks them. */
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
