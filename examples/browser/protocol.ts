/**
 * The messages between the page and its worker.
 *
 * @module
 */

import type { ShapedArray } from "../../src/formats/shaped_array.ts";

/** How the worker computes. */
export interface StartInfo {
  readonly threads: number;
  /** Why it runs slower than it could, if it does. */
  readonly fallback?: string;
}

/** A node of the network: torchvision's name, and its shape for one picture. */
export interface NodeInfo {
  readonly name: string;
  /** `[H, W, C]`, or `[C]` after pooling. */
  readonly shape: readonly number[];
  readonly operation: string;
}

/** The open network. */
export interface NetworkInfo {
  readonly arch: string;
  readonly nodes: readonly NodeInfo[];
  /** Height and width of the input. */
  readonly cropSize: number;
  /** Classes of its head; 0 without one. */
  readonly classes: number;
}

/** Official weights: an entry of torchvision's table. */
export interface OfficialName {
  readonly arch: string;
  readonly name: string;
}

/** An open picture, as the network sees it. */
export interface PictureInfo {
  /** The number under which the worker keeps it. */
  readonly id: number;
  /** RGBA. */
  readonly crop: ImageData;
  /** Width of the file. */
  readonly width: number;
  readonly height: number;
  readonly decodeTime: number;
  readonly preprocessTime: number;
}

/** A node's feature maps, `[H, W, C]`. */
export interface FeatureMaps extends ShapedArray {
  readonly node: string;
  readonly time: number;
}

/** One map for the whole picture, `[H, W]`. */
export interface PictureMap extends ShapedArray {
  readonly time: number;
}

/** A class and its score for the picture. */
export interface ClassScore {
  readonly index: number;
  readonly label: string;
  /** 0..1. */
  readonly score: number;
}

/** A pass through the whole network. */
export interface WholePass {
  /** Milliseconds by stage. */
  readonly stages: Readonly<Record<string, number>>;
  readonly time: number;
  /** The top classes; empty without a head. */
  readonly classes: readonly ClassScore[];
  /** Bytes. */
  readonly weights: number;
  /** Bytes of the WebAssembly memory, including the weights. */
  readonly heap: number;
}

/** Progress of some work, 0..1. */
export interface Progress {
  readonly what: string;
  readonly share: number;
}

/** The worker's tasks, by name. */
export interface Tasks {
  start(): Promise<StartInfo>;
  /**
   * Opens weights and closes all pictures. If that fails, what was open stays.
   *
   * @param source A file, a URL, or the name of official weights, which are fetched.
   */
  openNetwork(source: File | string | OfficialName): Promise<NetworkInfo>;
  /** Opens a picture until it is closed. */
  openPicture(file: Blob): Promise<PictureInfo>;
  closePicture(id: number): Promise<void>;
  /** Runs the whole network. */
  pass(id: number): Promise<WholePass>;
  featureMaps(id: number, node: string): Promise<FeatureMaps>;
  /** The evidence for a class at each place. */
  evidence(id: number, classIndex: number): Promise<PictureMap>;
}

/** A message from the page. */
export type Order =
  | {
    readonly id: number;
    readonly task: keyof Tasks;
    readonly args: unknown[];
  }
  | { readonly cancel: number };

/** A message from the worker. */
export type Report =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { name: string; message: string } }
  | { readonly id: number; readonly progress: Progress };
