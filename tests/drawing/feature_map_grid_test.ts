import assert from "node:assert/strict";
import type { RgbImage } from "../../src/image/rgb_image.ts";
import { chooseMaps } from "../../src/drawing/choose_maps.ts";
import { colorMap, type ColorMapName } from "../../src/drawing/color_map.ts";
import {
  drawFeatureMapGrid,
  type FeatureMapGridOptions,
} from "../../src/drawing/draw_grid.ts";
import { layOutGrid } from "../../src/drawing/grid_layout.ts";

const WHITE = [255, 255, 255];
const GREY = [128, 128, 128];

/** Maps `[height, width, channels]` of `value(channel, y, x)`. */
function mapsOf(
  [height, width, channels]: [number, number, number],
  value: (channel: number, y: number, x: number) => number,
) {
  const data = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        data[(y * width + x) * channels + c] = value(c, y, x);
      }
    }
  }
  return { data, shape: [height, width, channels] };
}

const pixel = ({ data, width }: RgbImage, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

Deno.test("drawFeatureMapGrid: every pixel of a small grid", async () => {
  const maps = mapsOf([2, 3, 5], (c, y, x) => (c + 1) * (y * 3 + x) - c);
  const image = await drawFeatureMapGrid(maps, {
    columns: 2,
    cell: 8,
    gap: 3,
    colorMap: "gray",
  });
  // A value is 2x2 pixels, a map 6x4; three rows of two, the last half empty.
  assert.deepEqual([image.width, image.height], [2 * 6 + 3, 3 * 4 + 2 * 3]);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const [column, row] = [Math.floor(x / 9), Math.floor(y / 7)];
      const [dx, dy] = [x % 9, y % 7];
      const onMap = dx < 6 && dy < 4 && row * 2 + column < 5;
      // Scaled to 0..5 of 5, whatever the map's range.
      const step = Math.floor(dy / 2) * 3 + Math.floor(dx / 2);
      const gray = Math.min(255, Math.floor(step / 5 * 256));
      const expected = onMap ? [gray, gray, gray] : WHITE;
      assert.deepEqual(pixel(image, x, y), expected, `x ${x}, y ${y}`);
    }
  }
});

Deno.test("drawFeatureMapGrid: 2048 maps make 64 columns and 32 rows", async () => {
  const maps = mapsOf([7, 7, 2048], (c, y, x) => y * 7 + x === c % 49 ? 1 : 0);
  const image = await drawFeatureMapGrid(maps);
  assert.deepEqual(
    [image.width, image.height],
    [64 * 28 + 63 * 2, 32 * 28 + 31 * 2],
  );
  const colors = await colorMap("viridis");
  for (const c of [0, 63, 64, 1000, 2047]) {
    const left = c % 64 * 30;
    const top = Math.floor(c / 64) * 30;
    for (let i = 0; i < 49; i++) {
      const [x, y] = [left + i % 7 * 4, top + Math.floor(i / 7) * 4];
      const color = i === c % 49 ? colors.subarray(-3) : colors.subarray(0, 3);
      assert.deepEqual(pixel(image, x, y), [...color]);
      assert.deepEqual(pixel(image, x + 3, y + 3), [...color]);
    }
  }
});

Deno.test("drawFeatureMapGrid: constant maps, NaN and infinities", async () => {
  const maps = mapsOf(
    [1, 4, 3],
    (c, _, x) => c === 0 ? 7 : c === 1 ? [NaN, 1, 3, -Infinity][x] : Infinity,
  );
  const image = await drawFeatureMapGrid(maps, {
    columns: 3,
    cell: 4,
    gap: 0,
    colorMap: "inferno",
  });
  const colors = await colorMap("inferno");
  const [low, high] = [[...colors.subarray(0, 3)], [...colors.subarray(-3)]];
  const line = Array.from({ length: 12 }, (_, x) => pixel(image, x, 0));
  assert.deepEqual(line.slice(0, 4), [low, low, low, low]);
  assert.deepEqual(line.slice(4, 8), [GREY, low, high, GREY]);
  assert.deepEqual(line.slice(8), [GREY, GREY, GREY, GREY]);
});

Deno.test("drawFeatureMapGrid: sizes of the default layout", async () => {
  const sizeOf = async (
    shape: [number, number, number],
    options?: FeatureMapGridOptions,
  ) => {
    const { width, height } = await drawFeatureMapGrid(
      mapsOf(shape, () => 0),
      options,
    );
    return [width, height];
  };
  assert.deepEqual(await sizeOf([7, 7, 1]), [1995, 1995]);
  assert.deepEqual(await sizeOf([56, 56, 64]), [8 * 224 + 14, 8 * 224 + 14]);
  // 13 of 128 maps in a row: 14 would leave more cells empty, 16 make it too wide.
  assert.deepEqual(await sizeOf([19, 28, 128]), [13 * 140 + 24, 10 * 95 + 18]);
  assert.deepEqual(await sizeOf([1, 1, 512]), [32 * 60 + 62, 16 * 60 + 30]);
  assert.deepEqual(await sizeOf([200, 2, 1]), [20, 2000]);
  // Larger than the target: maps are never reduced.
  assert.deepEqual(await sizeOf([90, 90, 600]), [30 * 92 - 2, 20 * 92 - 2]);
  assert.deepEqual(await sizeOf([9, 9, 4], { cell: 2, gap: 0 }), [18, 18]);
  assert.deepEqual(await sizeOf([7, 7, 64], { maps: 1, cell: 30 }), [28, 28]);
});

Deno.test("drawFeatureMapGrid rejects bad options and shapes", async () => {
  const maps = mapsOf([2, 2, 8], () => 0);
  const fails = (
    error: { name: string; message: string },
    options: FeatureMapGridOptions,
    given = maps,
  ) => assert.rejects(drawFeatureMapGrid(given, options), error);
  for (
    const [options, what] of [
      [{ maps: 9 }, "maps: expected an integer from 1 to 8, got 9"],
      [{ maps: 0 }, "maps: expected an integer from 1 to 8, got 0"],
      [
        { maps: 4, columns: 5 },
        "columns: expected an integer from 1 to 4, got 5",
      ],
      [{ gap: -1 }, "gap: expected an integer from 0 to 2000, got -1"],
      [{ cell: 2.5 }, "cell: expected an integer from 1 to 100000000, got 2.5"],
    ] as const
  ) {
    await fails({ name: "RangeError", message: what }, options);
  }
  await fails({
    name: "RangeError",
    message:
      "a grid of 8 maps: expected at most 100000000 pixels, got 40006x20002; draw fewer maps or a smaller cell",
  }, { cell: 10_000 });
  await fails(
    {
      name: "TypeError",
      message: "maps: expected shape [H, W, C], got [1, 2, 2, 8]",
    },
    {},
    { ...maps, shape: [1, 2, 2, 8] },
  );
  await fails(
    {
      name: "TypeError",
      message: "maps: expected 36 values for shape [2, 2, 9], got 32",
    },
    {},
    { ...maps, shape: [2, 2, 9] },
  );
  await fails({
    name: "RangeError",
    message:
      'colorMap: expected "viridis", "inferno", "magma", "gray" or "RdBu_r", got "jet"',
  }, { colorMap: "jet" as ColorMapName });
});

Deno.test("colour maps go from dark to light", async () => {
  const ends: [ColorMapName, number[], number[]][] = [
    ["viridis", [68, 1, 84], [253, 231, 37]],
    ["inferno", [0, 0, 4], [252, 255, 164]],
    ["magma", [0, 0, 4], [252, 253, 191]],
    ["gray", [0, 0, 0], [255, 255, 255]],
  ];
  for (const [name, first, last] of ends) {
    const colors = await colorMap(name);
    assert.equal(colors.length, 256 * 3);
    assert.deepEqual([...colors.subarray(0, 3)], first);
    assert.deepEqual([...colors.subarray(-3)], last);
    const luma = Array.from({ length: 256 }, (_, i) => {
      const [r, g, b] = colors.subarray(i * 3);
      return 0.299 * r + 0.587 * g + 0.114 * b;
    });
    for (let i = 4; i < 256; i++) assert.ok(luma[i] > luma[i - 4], name);
  }
});

/** Draws each map as one pixel in a row: the grey of each drawn channel. */
async function drawn(
  values: number[],
  options: FeatureMapGridOptions,
): Promise<number[]> {
  const maps = mapsOf(
    [1, 2, values.length],
    (c, _, x) => x === 0 ? values[c] : 0,
  );
  const { data, width } = await drawFeatureMapGrid(maps, {
    columns: options.channels?.length ?? options.strongest ?? options.maps,
    cell: 2,
    gap: 0,
    scale: "all",
    colorMap: "gray",
    ...options,
  });
  return Array.from({ length: width / 2 }, (_, i) => data[6 * i]);
}

Deno.test("drawFeatureMapGrid: chosen maps, one scale for all", async () => {
  const values = [2, 8, 1, 4]; // On a scale from 0 to the largest that is drawn.
  assert.deepEqual(await drawn(values, { maps: 3 }), [64, 255, 32]);
  assert.deepEqual(await drawn(values, { strongest: 2 }), [255, 128]);
  assert.deepEqual(await drawn(values, { channels: [2, 0, 2] }), [
    128,
    255,
    128,
  ]);
  // NaN and infinities count neither for the mean nor for the range.
  assert.deepEqual(
    await drawn([3, NaN, Infinity, 6], { strongest: 4 }),
    [255, 128, 128, 128],
  );
});

Deno.test("drawFeatureMapGrid: maps of one value share a scale by default", async () => {
  const maps = mapsOf([1, 1, 4], (c) => [2, 8, 1, 4][c]);
  const grid = await drawFeatureMapGrid(maps);
  assert.deepEqual(grid, await drawFeatureMapGrid(maps, { scale: "all" }));
  assert.notDeepEqual(grid, await drawFeatureMapGrid(maps, { scale: "each" }));
});

Deno.test("chooseMaps: equal maps, a map of NaN", () => {
  const maps = mapsOf([1, 1, 6], (c) => [NaN, 2, 5, 2, -7, 2][c]);
  assert.deepEqual(chooseMaps(maps, { strongest: 6 }), [2, 1, 3, 5, 4, 0]);
  assert.deepEqual(chooseMaps(maps, {}), [0, 1, 2, 3, 4, 5]);
});

Deno.test("drawFeatureMapGrid: labels and bar don't change the maps", async () => {
  for (
    const [shape, cell] of [[[7, 7, 120], 28], [[56, 40, 9], 112], [[
      3,
      2,
      2048,
    ], 3]] as const
  ) {
    const maps = mapsOf([...shape], (c, y, x) => (c + 3) * (y * 3 + x) % 17);
    const common = { columns: 9, cell, maps: Math.min(90, shape[2]) };
    const bare = await drawFeatureMapGrid(maps, common);
    const full = await drawFeatureMapGrid(maps, {
      ...common,
      labels: true,
      colorBar: true,
    });
    const layout = layOutGrid(
      shape,
      Array.from({ length: common.maps }, (_, i) => i),
      {
        ...common,
        labels: true,
      },
    );
    const { scale, textHeight } = layout;
    const [height, width] = [shape[0] * scale, shape[1] * scale];
    const labelWidth = layout.place(1).left - 2;
    const right = width + 2, down = height + 2;
    for (let map = 0; map < common.maps; map++) {
      const { left, top, labelTop } = layout.place(map);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const column = map % 9, row = Math.floor(map / 9);
          assert.deepEqual(
            pixel(full, left + x, top + y),
            pixel(bare, column * right + x, row * down + y),
          );
        }
      }
      // The number is complete, above its own map and below the one before.
      const ink = (y: number) =>
        Math.min(
          ...Array.from(
            { length: labelWidth },
            (_, x) => pixel(full, left + x, y)[0],
          ),
        );
      const rows = Array.from(
        { length: textHeight },
        (_, y) => ink(labelTop + y),
      );
      assert(rows.filter((darkest) => darkest < 160).length > textHeight / 2);
      assert.equal(ink(top - 1), 255, "no gap below the label");
      assert.equal(ink(labelTop - 2), 255, "no gap above the label");
    }
  }
});

Deno.test("drawFeatureMapGrid: the bar shows the colours", async () => {
  const colors = await colorMap("viridis");
  for (const scale of ["each", "all"] as const) {
    const maps = mapsOf([256, 8, 1], (_, y) => y);
    const [bare, barred] = await Promise.all(
      [false, true].map((colorBar) =>
        drawFeatureMapGrid(maps, { cell: 256, scale, colorBar })
      ),
    );
    const x = bare.width + 15; // Inside of the bar, which is 10 wide.
    const column = Array.from({ length: 256 }, (_, y) => pixel(barred, x, y));
    assert.deepEqual(
      column.flat(),
      [...Array(256).keys()].flatMap((y) => [
        ...colors.subarray(3 * (255 - y), 3 * (256 - y)),
      ]),
    );
    assert.equal(barred.height, 256);
  }
});

Deno.test("drawFeatureMapGrid: a bar for maps of one value or NaN", async () => {
  for (const value of [NaN, 7, -1.5e-30, 3e38]) {
    const maps = mapsOf([4, 4, 2], () => value);
    const options = {
      cell: 4,
      scale: "all",
      colorBar: true,
      labels: true,
    } as const;
    const { width, height } = await drawFeatureMapGrid(maps, options);
    assert(width > 20 && height >= 30);
  }
});

Deno.test("drawFeatureMapGrid rejects bad choices of maps", async () => {
  const maps = mapsOf([2, 2, 8], () => 0);
  for (
    const [options, what] of [
      [
        { maps: 2, strongest: 2 },
        "expected one of maps, strongest and channels, got maps and strongest",
      ],
      [
        { strongest: 2, channels: [1] },
        "expected one of maps, strongest and channels, got strongest and channels",
      ],
      [{ strongest: 9 }, "strongest: expected an integer from 1 to 8, got 9"],
      [{ channels: [] }, "channels: expected at least one, got []"],
      [{ channels: [3, 8] }, "channel: expected an integer from 0 to 7, got 8"],
      [{ channels: [-1] }, "channel: expected an integer from 0 to 7, got -1"],
      [
        { channels: [0.5] },
        "channel: expected an integer from 0 to 7, got 0.5",
      ],
      [
        { scale: "both" as "all" },
        'scale: expected "each" or "all", got "both"',
      ],
    ] as const
  ) {
    await assert.rejects(drawFeatureMapGrid(maps, options), {
      name: "RangeError",
      message: what,
    });
  }
});
