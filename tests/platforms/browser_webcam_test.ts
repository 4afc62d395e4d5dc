// stock: no, the page runs in another process
/** The webcam's page with Chromium's fake camera; `deno task soak:webcam` runs for longer. */

import assert from "node:assert/strict";
import {
  samplesOf,
  visitWebcam,
  webcamArgs,
} from "../../scripts/soak_webcam.ts";
import { browserTest, violations } from "./browser_support.ts";
import { pixels, text, waitForText } from "./browser_explorer.ts";

browserTest(
  "webcam: a layer's maps, live; frames are dropped, and memory stays flat",
  (browser) =>
    visitWebcam(browser.newPage, async (page) => {
      await waitForText(
        page,
        "#shape",
        /^layer2.1.relu_1: 128 maps of 32 × 24;/,
      );
      assert.match(await text(page, "#engine"), /^\d threads?$/);
      const before = await pixels(page, "#maps");
      assert(new Set(before).size > 50);

      const samples = await samplesOf(page, 8, 500);
      for (const { shown, given, tensors } of samples) {
        assert(shown <= given);
        assert.equal(tensors, samples[0].tensors);
      }
      assert(samples[7].shown >= samples[0].shown + 5, "it stands still");
      // A queued frame would hold 1.2 MB.
      const least = (some: typeof samples) =>
        Math.min(...some.map(({ bytes }) => bytes));
      const [first, last] = [samples.slice(0, 4), samples.slice(4)].map(least);
      assert(last > 1e6 && last < first + 1e6, `${first} to ${last} bytes`);
      // The camera's picture moves, and so do the maps.
      const after = await pixels(page, "#maps");
      assert.equal(after.length, before.length);
      assert(after.some((value, i) => Math.abs(value - before[i]) > 40));

      await page.evaluate(`(() => {
      const select = document.querySelector("#layer");
      select.value = "layer4.1.relu_1";
      select.dispatchEvent(new Event("change"));
    })()`);
      await waitForText(page, "#shape", /^layer4.1.relu_1: 512 maps of 8 × 6;/);
      assert.deepEqual(await violations(page), []);

      // A frame that waits would be computed after the end.
      await page.click("#start");
      await waitForText(page, "#start", /^Start the camera$/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [stopped] = await samplesOf(page, 1, 0);
      const [later] = await samplesOf(page, 1, 500);
      assert.equal(later.shown, stopped.shown);
      await page.click("#start");
      await waitForText(
        page,
        "#rate",
        /^[1-9].* per second, \d+ ms each; \d+ of \d+ frames dropped$/,
      );
    }),
  webcamArgs,
);
