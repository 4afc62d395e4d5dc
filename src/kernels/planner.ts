/**
 * Choices by shape: which algorithm, and how the work is cut for caches and threads.
 *
 * All of them change the time that a layer takes; of the numbers, only the choice between direct
 * and Winograd changes the last bits.
 *
 * @module
 */

import type { Conv2d } from "../arch/module.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { panelChannels } from "./pack.ts";
import type { WinogradOutputs } from "./winograd_filter.ts";

/** How a convolution is computed; the weights are packed for it. */
export type Algorithm = "direct" | "winograd2" | "winograd4";

/** A core's second-level cache has at least twice that many bytes. */
const cacheBytes = 256 * 1024;
/** Shorter chunks cost more in hand-overs than they gain in balance. */
const minChunkProducts = 1_500_000;
/** A thread takes about so many chunks of a task: one that is late leaves its share to others. */
const chunksPerThread = 4;

/**
 * The algorithm for a convolution whose input usually has that height.
 *
 * Winograd's F(4x4) makes a quarter of the products and F(2x2) four ninths, for four times and
 * 1.8 times the weights. On 7x7 F(4x4) still takes three quarters of F(2x2)'s time, on a single tile
 * it wastes what it saves. It makes rounding errors of weights more than ten times as large, so it
 * is for float32 only; F(2x2) makes them three times as large, too much for int8.
 */
export function chooseAlgorithm(
  { kernelSize, stride, dilation, groups, inChannels, outChannels }: Conv2d,
  height = Infinity,
  dtype: WeightsDType = "float32",
): Algorithm {
  const fits = kernelSize === 3 && stride === 1 && dilation === 1 &&
    groups === 1 && inChannels % panelChannels === 0 &&
    outChannels % panelChannels === 0 && inChannels >= 32;
  if (!fits || height < 4 || dtype === "int8") return "direct";
  return height < 6 || dtype === "float16" ? "winograd2" : "winograd4";
}

/** How a direct convolution is cut: chunks of tiles by panels. */
export interface DirectCut {
  readonly tilesPerChunk: number;
  readonly panelsPerChunk: number;
  readonly chunks: number;
}

/** What a direct convolution reads and writes. */
export interface DirectWork {
  readonly tiles: number;
  readonly panels: number;
  /** Of the input, those bytes that are read. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly weightBytes: number;
  /** Multiplications in all. */
  readonly products: number;
}

/**
 * Cuts a direct convolution.
 *
 * A chunk takes its panels in turn, each for all of its tiles. Where there are more weights than
 * input, a chunk has all tiles, so that weights are read once; else so few that what they read and
 * write stays in the cache for all panels.
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

/** How a Winograd convolution is cut. */
export interface WinogradCut {
  /** Tiles whose transform, products and transform back one thread does in one go; 0: none. */
  readonly blockTiles: number;
  /** Otherwise: tiles that a thread transforms at once, and panels of one product. */
  readonly tilesPerChunk: number;
  readonly panelsPerChunk: number;
}

/** Cuts a Winograd convolution into blocks, if there are enough tiles, or into its three steps. */
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
