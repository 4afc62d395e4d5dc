/**
 * Cutting the work of a convolution for caches and threads.
 *
 * @module
 */

import { panelChannels } from "./panels.ts";
import type { WinogradOutputs } from "./winograd_filter.ts";

/** Half of the smallest second-level cache of a core. */
const cacheBytes = 256 * 1024;
/** Smaller chunks cost more in hand-overs than they gain in balance. */
const minChunkProducts = 1_500_000;
/** Several chunks for each thread, so that a late one leaves its share to the others. */
const chunksPerThread = 4;

/** A direct convolution in chunks of tiles by panels. */
export interface DirectCut {
  readonly tilesPerChunk: number;
  readonly panelsPerChunk: number;
  readonly chunks: number;
}

/** The size of a direct convolution. */
export interface DirectWork {
  readonly tiles: number;
  readonly panels: number;
  /** Bytes of the input that are read. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly weightBytes: number;
  /** Multiplications. */
  readonly products: number;
}

/**
 * Cuts a direct convolution.
 *
 * A chunk takes its panels in turn, each for all of its tiles. If there are more weights than input,
 * a chunk has all tiles, so that weights are read once; otherwise so few that their input and output
 * stay in the cache for all panels.
 */
export function cutDirect(work: DirectWork, threads: number): DirectCut {
  const { tiles, panels, inputBytes, outputBytes, weightBytes } = work;
  const chunks = Math.min(
    threads * chunksPerThread,
    work.products / minChunkProducts,
  );
  const activationBytes = inputBytes + 2 * outputBytes;
  const tilesPerChunk = weightBytes > inputBytes
    ? tiles
    : clamp(Math.floor(tiles * cacheBytes / activationBytes), 1, tiles);
  const tileChunks = Math.ceil(tiles / tilesPerChunk);
  const panelChunks = clamp(Math.round(chunks / tileChunks), 1, panels);
  const panelsPerChunk = Math.ceil(panels / panelChunks);
  return {
    tilesPerChunk,
    panelsPerChunk,
    chunks: tileChunks * Math.ceil(panels / panelsPerChunk),
  };
}

/** A Winograd convolution in blocks, or in three steps. */
export interface WinogradCut {
  /** Tiles that a thread takes through all steps at once; 0: the steps are separate. */
  readonly blockTiles: number;
  /** Tiles of a chunk of separate transforms, and panels of a chunk of products. */
  readonly tilesPerChunk: number;
  readonly panelsPerChunk: number;
}

/** Cuts a Winograd convolution, into blocks if there are enough tiles. */
export function cutWinograd(
  { tiles, ins, outs }: { tiles: number; ins: number; outs: number },
  outputs: WinogradOutputs,
  threads: number,
): WinogradCut {
  const components = (outputs + 2) ** 2;
  const tileBytes = 4 * components * (ins + outs);
  const fitting = Math.max(16, Math.floor(4 * cacheBytes / tileBytes));
  const blocks = Math.ceil(tiles / Math.min(fitting, tiles) / threads) *
    threads;
  const blockTiles = Math.ceil(tiles / blocks);
  return {
    blockTiles: blockTiles >= 16 ? blockTiles : 0,
    tilesPerChunk: Math.ceil(tiles / (threads * chunksPerThread)),
    panelsPerChunk: outs / panelChannels,
  };
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);
