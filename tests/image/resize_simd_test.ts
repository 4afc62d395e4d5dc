/** The resize in SIMD has the bits of the one in TypeScript, which has PIL's. */

import assert from "node:assert/strict";
import {
  bicubic,
  bilinear,
  resize,
  type ResizePlan,
} from "../../src/image/resize.ts";
import { loadResize, resizeSimd } from "../../src/image/resize_simd.ts";
import { goldens, noise } from "./support.ts";

assert.ok(await loadResize());

/** Compares both on a picture of black, white and noise. */
function check(from: readonly [number, number], plan: ResizePlan): void {
  const { width, height, filter, window } = plan;
  const noisy = noise(...from);
  for (const threshold of [0, 128, 256]) { // 0: all white.
    const data = threshold === 256
      ? noisy.data
      : noisy.data.map((value) => value >= threshold ? 255 : 0);
    const image = { ...noisy, data };
    assert.deepEqual(
      resizeSimd(image, plan),
      resize(image, width, height, filter, window),
      `${from} to ${width}x${height}, ${JSON.stringify(window)}`,
    );
  }
}

for (const { from, to: [width, height] } of goldens.resized) {
  Deno.test(`resizeSimd: ${from.join("x")} to ${width}x${height} equals resize`, () => {
    for (const filter of [bilinear, bicubic]) {
      const left = width >> 2, top = height >> 1;
      for (
        const window of [
          { left: 0, top: 0, width, height },
          { left, top, width: width - left, height: height - top },
          { left: width - 1, top: 0, width: 1, height: 1 },
        ]
      ) check(from, { width, height, filter, window });
    }
  });
}

Deno.test("resizeSimd: 300 sizes equal resize", () => {
  let seed = 1;
  const upTo = (limit: number) => {
    seed = Math.imul(seed, 1103515245) + 12345 >>> 0;
    return 1 + (seed >>> 8) % limit;
  };
  for (let i = 0; i < 300; i++) {
    const most = i % 10 ? 90 : 600;
    const width = upTo(120), height = upTo(120);
    const left = upTo(width) - 1, top = upTo(height) - 1;
    check([upTo(most), upTo(most)], {
      width,
      height,
      filter: i % 2 ? bilinear : bicubic,
      window: {
        left,
        top,
        width: upTo(width - left),
        height: upTo(height - top),
      },
    });
  }
});

Deno.test("resizeSimd: works again after a picture that fills much memory", () => {
  const plan = {
    width: 2000,
    height: 100,
    filter: bilinear,
    window: { left: 0, top: 0, width: 2000, height: 100 },
  };
  for (const from of [[8, 6000], [100, 100]] as const) check(from, plan);
});
