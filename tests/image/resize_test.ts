import assert from "node:assert/strict";
import { bilinear, resize } from "../../src/image/resize.ts";
import { checkResize, goldens, noise, pixelAt } from "./support.ts";

for (const golden of goldens.resized) {
  const { from, to } = golden;
  Deno.test(`resize: ${from.join("x")} to ${to.join("x")} equals PIL's`, () =>
    checkResize(golden, bilinear));
}

Deno.test("resize: a window is that part of the whole", () => {
  const image = noise(61, 47);
  for (const [width, height] of [[200, 31], [20, 90], [61, 47]]) {
    const whole = resize(image, width, height, bilinear);
    for (
      const box of [
        { left: 0, top: 0, width: 1, height: 1 },
        { left: 3, top: 5, width: 11, height: 13 },
        { left: width - 4, top: height - 3, width: 4, height: 3 },
        { left: 0, top: 7, width, height: 2 },
      ]
    ) {
      const part = resize(image, width, height, bilinear, box);
      assert.deepEqual([part.width, part.height], [box.width, box.height]);
      for (let y = 0; y < box.height; y++) {
        for (let x = 0; x < box.width; x++) {
          assert.deepEqual(
            pixelAt(part, x, y),
            pixelAt(whole, box.left + x, box.top + y),
          );
        }
      }
    }
  }
});
