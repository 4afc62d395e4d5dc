// stock: no, it tests our own kernels
import assert from "node:assert/strict";
import { outputSize, tilesOf } from "../../src/kernels/geometry.ts";
import { cutDirect, cutWinograd } from "../../src/kernels/cut.ts";

Deno.test("tilesOf covers all rows, with few small tiles", () => {
  for (const most of [5, 6]) {
    for (let rows = 1; rows < 400; rows++) {
      const tiles = tilesOf(rows, most);
      assert.equal(tiles.reduce((a, b) => a + b), rows);
      assert.ok(Math.max(...tiles) <= most);
      if (rows >= most * (most - 1)) assert.ok(Math.min(...tiles) >= most - 1);
    }
  }
  assert.deepEqual(tilesOf(49, 6), [6, 6, 6, 6, 5, 5, 5, 5, 5]);
  assert.deepEqual(tilesOf(7, 6), [6, 1]);
});

Deno.test("outputSize follows torch.nn.Conv2d", () => {
  const window = { kernelSize: 3, stride: 2, padding: 1, dilation: 1 };
  assert.equal(outputSize(56, window), 28);
  assert.equal(outputSize(57, window), 29);
  assert.equal(outputSize(9, { ...window, dilation: 4, padding: 4 }), 5);
});

Deno.test("cutDirect gives all threads chunks, and reads weights once where they are most of the data", () => {
  const layer4 = cutDirect({
    tiles: 9,
    panels: 256,
    inputBytes: 4 * 49 * 512,
    outputBytes: 4 * 49 * 2048,
    weightBytes: 4 * 512 * 2048,
    products: 49 * 512 * 2048,
  }, 4);
  assert.equal(layer4.tilesPerChunk, 9);
  assert.equal(layer4.chunks, 16);
  const layer1 = cutDirect({
    tiles: 523,
    panels: 32,
    inputBytes: 4 * 3136 * 64,
    outputBytes: 4 * 3136 * 256,
    weightBytes: 4 * 64 * 256,
    products: 3136 * 64 * 256,
  }, 4);
  assert.equal(layer1.panelsPerChunk, 32);
  assert.ok(layer1.chunks >= 16);
  const tiny = cutDirect({
    tiles: 1,
    panels: 1,
    inputBytes: 32,
    outputBytes: 32,
    weightBytes: 256,
    products: 64,
  }, 4);
  assert.deepEqual(tiny, { tilesPerChunk: 1, panelsPerChunk: 1, chunks: 1 });
});

Deno.test("cutWinograd makes blocks if there are enough tiles", () => {
  const cut = cutWinograd({ tiles: 196, ins: 64, outs: 64 }, 4, 2);
  assert.ok(cut.blockTiles >= 16 && cut.blockTiles <= 98);
  assert.equal(
    cutWinograd({ tiles: 4, ins: 512, outs: 512 }, 4, 2).blockTiles,
    0,
  );
});
