/**
 * What the page asks its worker for, and what it gets.
 *
 * @module
 */

/** How the worker computes. */
export interface EngineInfo {
  readonly threads: number;
  /** Why it isn't faster, if it could be elsewhere. */
  readonly fallback?: string;
}

/** A node of the network: its name as torchvision's, and its shape for one picture. */
export interface NodeInfo {
  readonly name: string;
  /** `[H, W, C]`, or `[C]` behind the pooling. */
  readonly shape: readonly number[];
  readonly op: string;
}

/** The network that is open. */
export interface NetworkInfo {
  readonly arch: string;
  readonly nodes: readonly NodeInfo[];
  /** The picture's side. */
  readonly cropSize: number;
}

/** The picture that is open, as the network sees it. */
export interface PictureInfo {
  /** RGBA. */
  readonly crop: ImageData;
  /** Of the file. */
  readonly width: number;
  readonly height: number;
  readonly decodeTime: number;
  readonly preprocessTime: number;
}

/** A node's feature maps. */
export interface FeatureMaps {
  readonly node: string;
  /** Map after map, row by row. */
  readonly values: Float32Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Channels, the one with the greatest mean first. */
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

/** A class that the network sees in the picture. */
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
  /** The likeliest classes; none without a head. */
  readonly classes: readonly ClassScore[];
  /** Bytes. */
  readonly weights: number;
  /** Bytes of the WebAssembly memory, the weights among them. */
  readonly heap: number;
}

/** How far something is: what is done, 0..1. */
export interface Progress {
  readonly what: string;
  readonly share: number;
}

/** What the worker can do, by name. */
export interface Tasks {
  start(): Promise<EngineInfo>;
  /** Opens weights: a file's, or those that ship. The old ones stay if that fails. */
  openNetwork(source: File | URL | string): Promise<NetworkInfo>;
  openPicture(file: Blob): Promise<PictureInfo>;
  pass(): Promise<WholePass>;
  featureMaps(node: string): Promise<FeatureMaps>;
  /** Where it looks as at one position of a node. */
  similarity(node: string, row: number, column: number): Promise<PictureMap>;
  /** Where the evidence for a class is. */
  evidence(classIndex: number): Promise<PictureMap>;
}

/** What the page sends. */
export type Order =
  | {
    readonly id: number;
    readonly task: keyof Tasks;
    readonly args: unknown[];
  }
  | { readonly cancel: number };

/** What the worker sends. */
export type Report =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { name: string; message: string } }
  | { readonly id: number; readonly progress: Progress };
