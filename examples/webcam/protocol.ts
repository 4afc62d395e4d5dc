/**
 * The messages between the page and its worker.
 *
 * @module
 */

/** What the page says. */
export type Order =
  | { readonly canvas: OffscreenCanvas }
  /** Show this layer. Its strongest channels are chosen by the next frame. */
  | { readonly layer: string }
  /** Compute this frame, and close it. */
  | { readonly frame: VideoFrame };

/** What the worker says. */
export type Report =
  | { readonly ready: Ready }
  | { readonly drawn: Drawn }
  | { readonly error: string };

/** The network is loaded. */
export interface Ready {
  readonly threads: number;
  /** Layers with maps, in order. */
  readonly layers: readonly string[];
}

/** A frame was computed and drawn; the next one may come. */
export interface Drawn {
  readonly layer: string;
  /** `[H, W, C]`. */
  readonly shape: readonly number[];
  /** Milliseconds for all of it. */
  readonly time: number;
  /** Tensors in memory. */
  readonly tensors: number;
}
