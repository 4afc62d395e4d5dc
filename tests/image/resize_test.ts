import assert from "node:assert/strict";
import { bilinear, resize } from "../../src/image/resize.ts";
import { goldens, noise, pixelAt, sha256 } from "./support.ts";

for (const { from, to, samples, ...golden } of goldens.resized) {
  Deno.test(`resize: ${from.join("x")} to ${to.join("x")} equals PIL's`, async () => {
    const { data } = resize(noise(...from), ...to, bilinear);
    assert.equal(data.length, 3 * to[0] * to[1]);
    for (const [at, value] of Object.entries(samples)) {
      assert.equal(data[Number(at)], value, `byte ${at}`);
    }
    assert.equal(await sha256(data), golden.sha256);
  });
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
