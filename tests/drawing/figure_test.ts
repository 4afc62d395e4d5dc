import assert from "node:assert/strict";
import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { colorMap } from "../../src/drawing/color_map.ts";
import {
  drawFigure,
  type FigureRow,
  type FigureStyle,
} from "../../src/drawing/draw_figure.ts";
import { drawOverlay } from "../../src/drawing/draw_overlay.ts";
import { figureSizes, layOutFigure } from "../../src/drawing/figure_layout.ts";
import { widthInPixels } from "../../src/drawing/figure_width.ts";
import type { Edges } from "../../src/drawing/paper.ts";
import type { RgbImage } from "../../src/image/rgb_image.ts";
import { uniform } from "../support/uniform.ts";

const photo = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from(
    uniform("photo", width * height * 3, 60, 128),
    Math.round,
  ),
});

/** A map of these values in one row. */
const mapOf = (...values: number[]): { readonly map: ShapedArray } => ({
  map: { data: new Float32Array(values), shape: [1, values.length] },
});

const rows: readonly FigureRow[] = [
  { picture: photo(60, 40), maps: [mapOf(0, 1), mapOf(2, 4)], title: "a.png" },
  { picture: photo(40, 60), maps: [mapOf(3, 9), mapOf(5, 5)], title: "b.png" },
];

/** The colour at a place. */
const at = ({ data, width }: RgbImage, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

Deno.test("drawFigure: one map is the overlay alone, at the picture's size", async () => {
  const [{ picture, maps: [{ map }] }] = rows;
  const style = { alpha: 0.7, colorMap: "magma", fade: true } as const;
  assert.deepEqual(
    await drawFigure([""], [{ picture, maps: [{ map }] }], style),
    await drawOverlay(picture, map, style),
  );
});

Deno.test("layOutFigure: nothing overlaps, and all is inside", () => {
  for (const dpi of [72, 150, 300, 600]) {
    for (const bars of ["columns", "rows", "all", undefined] as const) {
      for (const plain of [0, 1]) {
        const width = widthInPixels("174mm", dpi);
        const sizes = figureSizes(6, dpi);
        const layout = layOutFigure({
          pictures: [photo(300, 200), photo(200, 300), photo(10, 10)],
          columns: plain + 3,
          plain,
          heads: true,
          titles: true,
          captions: [true, false, true],
          note: true,
          bars,
          numbers: 4 * sizes.text,
          width,
          sizes,
        });
        assert.equal(layout.width, width);
        const count = { columns: 3, rows: 3, all: 1 };
        assert.equal(layout.bars.length, bars ? count[bars] : 0);
        const texts = layout.captions.flatMap((top, i) =>
          i === 1 ? [] : layout.panels[i].map(({ left, right }) => ({
            ...{ left, right, top },
            bottom: top + sizes.text,
          }))
        );
        const { left, top } = layout.note;
        const note = { left, top, right: width, bottom: top + sizes.text };
        const boxes = [...layout.panels.flat(), ...layout.bars, ...texts, note];
        boxes.forEach((a, i) => {
          assert(a.left >= 0 && a.right <= layout.width && a.left < a.right);
          assert(a.top >= 0 && a.bottom <= layout.height && a.top < a.bottom);
          for (const b of boxes.slice(i + 1)) assert(!overlap(a, b));
        });
        // Panels of a column are as wide, unless they are upright.
        const [first, second, third] = layout.panels;
        assert.deepEqual(
          first.map(({ left, right }) => [left, right]),
          third.map(({ left, right }) => [left, right]),
        );
        const [upright] = second;
        const side = upright.bottom - upright.top;
        assert.equal(side, first[0].right - first[0].left);
        assert.equal(upright.right - upright.left, Math.round(side / 1.5));
      }
    }
  }
});

const overlap = (a: Edges, b: Edges) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

Deno.test("drawFigure: which maps share a scale", async () => {
  const colors = await colorMap("inferno");
  const index = (share: number) => Math.min(255, Math.floor(share * 256));
  const color = (share: number) => [
    ...colors.subarray(3 * index(share), 3 * index(share) + 3),
  ];
  // The first value of each map, as a share of its scale.
  const wanted: [FigureStyle["scale"], number[]][] = [
    ["each", [0, 0, 0, 0]],
    ["row", [0, 2 / 4, 0, 2 / 6]],
    ["column", [0, 0, 3 / 9, 1]],
    ["all", [0, 2 / 9, 3 / 9, 5 / 9]],
  ];
  for (const [scale, shares] of wanted) {
    const options = { scale, alpha: 1, width: 600, dpi: 100, colorBar: false };
    const figure = await drawFigure(["x", "y"], rows, options);
    assert.equal(figure.width, 600);
    const { gap, row } = figureSizes(7, 100);
    const left = row;
    const column = Math.floor((600 - left - gap) / 2);
    const high = Math.round(column * 40 / 60);
    const upright = left + Math.floor((column - Math.round(column / 1.5)) / 2);
    const places = [
      [left, row],
      [left + column + gap, row],
      [upright, row + high + gap],
      [upright + column + gap, row + high + gap],
    ];
    shares.forEach((share, i) => {
      const [x, y] = places[i];
      assert.deepEqual(at(figure, x + 2, y + 5), color(share), `${scale} ${i}`);
    });
  }
});

Deno.test("drawFigure: maps of both signs are blue and red around zero", async () => {
  const picture = photo(40, 20);
  const maps = [mapOf(-4, 1), mapOf(2, 2)];
  const figure = await drawFigure(["", ""], [{ picture, maps }], {
    ...{ scale: "all", alpha: 1, fade: false, colorBar: false, width: 200 },
  });
  const colors = await colorMap("RdBu_r");
  assert.deepEqual(at(figure, 1, 2), [...colors.subarray(0, 3)]);
  // 2 of -4..4 is three quarters of the way.
  assert.deepEqual(at(figure, 190, 2), [...colors.subarray(192 * 3, 193 * 3)]);
});

Deno.test("drawFigure: what it rejects", async () => {
  const cases: [FigureStyle, string][] = [
    [
      { width: 0 },
      'width: expected pixels, or millimetres such as "85mm", got 0',
    ],
    [
      { width: "85cm" as "85mm" },
      'width: expected pixels, or millimetres such as "85mm", got "85cm"',
    ],
    [{ dpi: -1 }, "dpi: expected a positive number, got -1"],
    [{ fontSize: NaN }, "fontSize: expected a positive number, got NaN"],
    [
      { scale: "both" as "all" },
      'scale: expected "each", "row", "column" or "all", got "both"',
    ],
    [{ alpha: 2 }, "alpha: expected a number from 0 to 1, got 2"],
    [
      { width: 60 },
      "width: expected at least 84 pixels for 2 columns, got 60",
    ],
    [
      { width: 30_000 },
      "a figure: expected at most 100000000 pixels, got 30000x25130; choose a smaller width",
    ],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(drawFigure(["x", "y"], rows, options), {
      name: "RangeError",
      message,
    });
  }
});
