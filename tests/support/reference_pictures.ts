/** The reference drawings: `scripts/make_reference_pictures.ts` stores them, `tests/drawing/reference_test.ts` compares. */

import type { RgbImage } from "../../src/image/rgb_image.ts";
import { drawFigure } from "../../src/drawing/draw_figure.ts";
import { drawFeatureMapGrid } from "../../src/drawing/draw_grid.ts";
import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { drawOverlay } from "../../src/drawing/draw_overlay.ts";
import { drawText } from "../../src/drawing/stroke_font.ts";
import { uniform } from "./uniform.ts";

/** Smooth maps `[height, width, channels]`; each channel has its own strength. */
function waves(height: number, width: number, channels: number): ShapedArray {
  const phases = uniform("phases", 2 * channels);
  const data = new Float32Array(height * width * channels);
  for (let i = 0; i < data.length; i++) {
    const c = i % channels, x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    // Triangles: the last bit of a sine differs between engines.
    const along = (x / width + phases[c] + 1) % 1;
    const across = (y / height + phases[channels + c] + 1) % 1;
    const value = Math.abs(along - 0.5) - Math.abs(across - 0.5);
    data[i] = value * (1 + c % 7) - 0.1 * c;
  }
  return { data, shape: [height, width, channels] };
}

/** A striped picture. */
function stripes(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  data.forEach((_, i) => {
    const x = Math.floor(i / 3) % width, y = Math.floor(i / 3 / width);
    data[i] = (x * 5 * (1 + i % 3) + y * 3) % 256;
  });
  return { width, height, data };
}

/** Each drawing, by the name of its file. */
export const referencePictures: Readonly<
  Record<string, () => Promise<RgbImage>>
> = {
  grid_each: () =>
    drawFeatureMapGrid(waves(7, 7, 30), {
      cell: 28,
      labels: true,
      colorBar: true,
    }),
  grid_all: () =>
    drawFeatureMapGrid(waves(12, 18, 300), {
      channels: [0, 7, 10, 99, 100, 123, 299],
      columns: 4,
      cell: 90,
      gap: 6,
      scale: "all",
      colorMap: "magma",
      labels: true,
      colorBar: true,
    }),
  grid_narrow: () =>
    drawFeatureMapGrid(waves(9, 2, 2048), {
      strongest: 20,
      cell: 18,
      labels: true,
    }),
  grid_one: () =>
    drawFeatureMapGrid(waves(7, 7, 1), {
      cell: 14,
      scale: "all",
      labels: true,
      colorBar: true,
    }),
  overlay: () => {
    const { data } = waves(5, 3, 1);
    const map = { data, shape: [5, 3] };
    return drawOverlay(stripes(61, 83), map, { colorMap: "inferno" });
  },
  figure: () => {
    const map = (height: number, width: number, phase: number) => {
      const { data } = waves(height, width, phase + 1);
      const values = data.filter((_, i) => i % (phase + 1) === phase);
      return { data: values, shape: [height, width] };
    };
    const row = (picture: RgbImage, title: string, phase: number) => ({
      ...{ picture, title },
      area: {
        left: picture.width / 8,
        top: 2.5,
        width: 0.75 * picture.width,
        height: picture.height - 5,
      },
      maps: [
        { map: map(5, 4, phase), caption: "Egyptian cat" },
        { map: map(9, 7, phase + 1), caption: "#3, 42 %" },
      ],
    });
    return drawFigure(["layer2.0.relu", "layer3"], [
      row(stripes(90, 60), "stripes.png", 0),
      row(stripes(50, 70), "(tall)", 2),
    ], { original: true, scale: "column", width: 480, dpi: 150 });
  },
  text: () => {
    const [width, height] = [230, 110];
    const data = new Uint8Array(width * height * 3).fill(255);
    let top = 4;
    for (const height of [8, 12, 24]) {
      const place = { left: 4, top, height };
      drawText({ width, height: 110, data }, "0123456789", place);
      top += height + 6;
    }
    drawText({ width, height, data }, "-1.2e-5", {
      left: 4,
      top,
      height: 16,
    });
    drawText({ width, height, data }, "minmax", {
      left: 110,
      top,
      height: 16,
    });
    return Promise.resolve({ width, height, data });
  },
};
