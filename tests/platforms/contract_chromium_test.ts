// stock: no, each contract starts kernels of its own
/**
 * The contract in Chromium, in a web worker of an isolated page, with threads, and of one that isn't
 * isolated. See `contract/cases.ts`.
 */

import assert from "node:assert/strict";
import { bundleForBrowser } from "../../scripts/bundle_browser.ts";
import { type Browser, browserTest, serveFolder } from "./browser_support.ts";
import { copyFiles } from "./contract/files.ts";
import {
  type Report,
  reportSteps,
  settingName,
  settings,
} from "./contract/report.ts";
import type { BackendOptions } from "../../mod.ts";

async function runIn(
  browser: Browser,
  origin: string,
  options: BackendOptions,
): Promise<Report> {
  const page = await browser.newPage();
  await page.goto(`${origin}/index.html`);
  const report = await page.evaluate(
    (options) =>
      new Promise<Report | string>((resolve) => {
        const worker = new Worker("/browser.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve(message);
        worker.postMessage(options);
      }),
    options,
  );
  await page.close();
  if (typeof report === "string") throw new Error(report);
  return report;
}

browserTest("the contract in Chromium", async (browser, t) => {
  const folder = await Deno.makeTempDir();
  try {
    await bundleForBrowser(
      [new URL("contract/browser.ts", import.meta.url)],
      folder,
    );
    await copyFiles(folder);
    await Deno.writeTextFile(
      `${folder}/index.html`,
      "<!doctype html><title>The contract</title>",
    );
    await using isolated = serveFolder(folder);
    await using open = serveFolder(folder, { isolated: false });
    const origin = ({ addr }: typeof open) => `http://127.0.0.1:${addr.port}`;

    for (const setting of settings) {
      await t.step(`isolated: ${settingName(setting)}`, async (t) => {
        const report = await runIn(browser, origin(isolated), setting);
        await reportSteps(t, report, setting);
      });
    }
    for (const kernels of ["stock", "own"] as const) {
      await t.step(
        `not isolated, so 1 thread: ${kernels} kernels`,
        async (t) => {
          const report = await runIn(browser, origin(open), { kernels });
          assert.equal(report.info.build, "simd");
          await reportSteps(t, report, { kernels, threads: 1 });
        },
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
