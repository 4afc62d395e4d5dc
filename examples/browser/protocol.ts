/**
 * The messages between the page and its worker.
 *
 * @module
 */

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
}

/** The open picture, as the network sees it. */
export interface PictureInfo {
  /** RGBA. */
  readonly crop: ImageData;
  /** Width of the file. */
  readonly width: number;
  readonly height: number;
  readonly decodeTime: number;
  readonly preprocessTime: number;
}

/** A node's feature maps. */
export interface FeatureMaps {
  readonly node: string;
  /** `[C, H, W]`. */
  readonly values: Float32Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Channels by mean, the strongest first. */
  readonly strongest: readonly number[];
  readonly time: number;
}

/** One map for the whole picture. */
export interface PictureMap {
  readonly values: Float32Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
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
  /** Opens weights from a file or a URL. If that fails, the open ones stay. */
  openNetwork(source: File | URL | string): Promise<NetworkInfo>;
  openPicture(file: Blob): Promise<PictureInfo>;
  pass(): Promise<WholePass>;
  featureMaps(node: string): Promise<FeatureMaps>;
  /** How similar each place is to one position of a node. */
  similarity(node: string, row: number, column: number): Promise<PictureMap>;
  /** The evidence for a class at each place. */
  evidence(classIndex: number): Promise<PictureMap>;
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
