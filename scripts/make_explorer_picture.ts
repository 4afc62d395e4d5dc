/**
 * Takes the picture of the explorer for the README:
 * `deno run --no-check --allow-read --allow-write --allow-run=deno,chromium --allow-env=LAYERTAP_CI
 * --allow-net=127.0.0.1 scripts/make_explorer_picture.ts`.
 *
 * @module
 */

import { visit } from "../tests/platforms/browser_explorer.ts";
import { Chromium } from "../tests/platforms/browser_support.ts";

await using chromium = await Chromium.start();
await visit(chromium.browser, async ({ page }) => {
  await page.evaluate(
    `document.querySelectorAll(".side, .middle, .maps")
       .forEach(({ style }) => style.scrollbarWidth = "none")`,
  );
  const picture = await page.screenshot({});
  await Deno.writeFile("examples/browser/explorer.png", picture);
}, { hash: "#place=5-4&theme=light", width: 1280, height: 860 });
