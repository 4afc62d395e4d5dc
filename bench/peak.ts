import type { Device } from "../src/kernels/device.ts";
import { Program } from "../src/kernels/program.ts";
import { Recording } from "../src/kernels/recording.ts";

const depth = 256, tiles = 500, panel = 8;

/**
 * GFLOPS of one thread with all data in its first-level cache: the convolution's loop on the same
 * few rows, again and again. The sums are meaningless.
 */
export function measurePeak(device: Device): number {
  const { rows: tileRows } = device, rows = tiles * tileRows;
  const recording = new Recording(device);
  const floats = (count: number) =>
    recording.values(new Float32Array(count).fill(0.5));
  recording.add("convolve", 1, {
    x: floats(tileRows * depth),
    xImage: 0,
    groupBytes: 0,
    zeros: 0,
    table: recording.values(
      Uint32Array.from(
        { length: rows },
        (_, row) => row % tileRows * 4 * depth,
      ),
    ),
    taps: 1,
    depth: 4 * depth,
    steps: 8,
    spread: 0,
    weights: floats(depth * panel),
    panelBytes: 0,
    dtype: 0,
    factors: 0,
    floats: 0,
    floatsThread: 0,
    panels: 1,
    panelsPerGroup: 1,
    panelsPerChunk: 1,
    groupChannels: panel,
    tiles,
    tilesPerImage: tiles,
    tilesPerChunk: tiles,
    rowsPerImage: rows,
    bias: floats(panel),
    y: floats(panel),
    rowBytes: 0,
    residual: 0,
    low: 0,
    edge: 0,
    edgeThread: 0,
  });
  const program = new Program(recording, new Set());
  let best = Infinity;
  for (let i = 0; i < 300; i++) {
    const start = performance.now();
    program.run();
    best = Math.min(best, performance.now() - start);
  }
  program.dispose();
  return 2 * rows * depth * panel / best / 1e6;
}
