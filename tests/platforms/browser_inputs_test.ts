// stock: no, the package runs in another process
/** Pictures of every kind that a page has: the same pixels give the same tensor. */

import assert from "node:assert/strict";
import { bundleForBrowser } from "../../scripts/bundle_browser.ts";
import {
  type Browser,
  browserTest,
  type Page,
  serveFolder,
} from "./browser_support.ts";
import type { Found } from "./inputs_case.ts";

const folder = "out/test/inputs_case";

/** Opens a page with `inputs_case.ts` and a photo. */
async function visit(browser: Browser, use: (page: Page) => Promise<void>) {
  await bundleForBrowser([new URL("inputs_case.ts", import.meta.url)], folder);
  await Deno.copyFile("examples/images/chelsea.png", `${folder}/photo.png`);
  await Deno.writeTextFile(
    `${folder}/index.html`,
    `<!DOCTYPE html><link rel="icon" href="data:,">
     <script type="module" src="inputs_case.js"></script>`,
  );
  await using server = serveFolder(folder);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.waitForFunction("'compare' in globalThis");
  await use(page);
  await page.close();
}

const call = (page: Page, name: string, ...args: unknown[]) =>
  page.evaluate(`${name}(...${JSON.stringify(args)})`);

/** RGB of a YUV colour by the definition, e.g. ITU-R BT.709-6, 3.5. */
function rgbOf(
  [y, u, v]: readonly number[],
  [red, blue]: readonly [number, number],
  isFull: boolean,
): number[] {
  const light = isFull ? y / 255 : (y - 16) / 219;
  const [cb, cr] = [u, v].map((c) => (c - 128) / (isFull ? 255 : 224));
  const r = light + 2 * (1 - red) * cr;
  const b = light + 2 * (1 - blue) * cb;
  const g = (light - red * r - blue * b) / (1 - red - blue);
  return [r, g, b].map((x) => 255 * x);
}

browserTest(
  "pictures of every kind in a page give the same tensor",
  (browser) =>
    visit(browser, async (page) => {
      const found = await call(page, "compare", "photo.png") as Record<
        string,
        Found
      >;
      assert.equal(Object.keys(found).length, 11);
      for (
        const [kind, { difference, inRegion, again }] of Object.entries(found)
      ) {
        assert.deepEqual([kind, difference, inRegion, again], [
          kind,
          0,
          0,
          true,
        ]);
      }

      // Video frames in YUV: the matrix and the range that they say. Chromium's fixed-point numbers
      // are up to 4 levels off the definition's; another matrix would be more.
      const matrices = {
        bt709: [0.2126, 0.0722],
        smpte170m: [0.299, 0.114],
      } as const;
      for (const [matrix, weights] of Object.entries(matrices)) {
        for (const fullRange of [false, true]) {
          for (const format of ["I420", "NV12"]) {
            for (
              const color of [[120, 90, 160], [60, 150, 120], [200, 128, 128]]
            ) {
              const colorSpace = {
                ...{
                  matrix,
                  fullRange,
                  primaries: "bt709",
                  transfer: "iec61966-2-1",
                },
              };
              const { width, height, data } = await call(
                page,
                "yuv",
                ...[format, color, colorSpace],
              ) as { width: number; height: number; data: number[] };
              assert.deepEqual([width, height], [32, 16]);
              const want = rgbOf(color, weights, fullRange);
              const what = `${matrix} ${fullRange} ${format} ${color}: ${want}`;
              for (const at of [0, data.length - 3]) {
                data.slice(at, at + 3).forEach((level, i) =>
                  assert(
                    Math.abs(level - want[i]) <= 5,
                    `${what}, got ${level}`,
                  )
                );
              }
            }
          }
        }
      }

      // At the size and the angle at which they are shown.
      const red = [255, 0, 0], blue = [0, 0, 255];
      const shown = async (more: object) => await call(page, "shown", more);
      assert.deepEqual(await shown({}), { size: [32, 16], first: red });
      assert.deepEqual(
        await shown({ displayWidth: 64, displayHeight: 16 }),
        { size: [64, 16], first: red },
      );
      assert.deepEqual(
        await shown({ visibleRect: { x: 16, y: 0, width: 16, height: 16 } }),
        { size: [16, 16], first: blue },
      );
      assert.deepEqual(
        await shown({ rotation: 270 }),
        { size: [16, 32], first: blue },
      );
      assert.deepEqual(await shown({ flip: true }), {
        size: [32, 16],
        first: blue,
      });

      const { wide, deep, clear, bitmap, refused } = await call(
        page,
        "odd",
      ) as Record<string, number[]>;
      // display-p3's (200, 100, 50) in sRGB; half of the light range in float16.
      assert.deepEqual(
        wide.map((x, i) => Math.abs(x - [215, 93, 29][i]) <= 3),
        [true, true, true],
        `${wide}`,
      );
      assert.deepEqual(
        deep.map((x, i) => Math.abs(x - [128, 64, 255][i]) <= 1),
        [true, true, true],
        `${deep}`,
      );
      assert.deepEqual(clear, [200, 100, 50]);
      bitmap.forEach((x, i) =>
        assert(Math.abs(x - clear[i]) <= 2, `${bitmap}`)
      );
      assert.match(
        `${refused}`,
        /^RangeError: picture: .*, got 0x0; pass it loaded/,
      );
    }),
);
