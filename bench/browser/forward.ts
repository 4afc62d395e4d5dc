/**
 * `deno task bench:browser [arch…]`: the time of a forward pass in Chromium, batch 1, 224x224,
 * beside LiteRT.js and onnxruntime-web; and the time from a click to the maps in the explorer.
 *
 * @module
 */

import { buildExplorer } from "../../examples/browser/build.ts";
import { bundleForBrowser } from "../../scripts/bundle_browser.ts";
import {
  type Browser,
  Chromium,
  serveFolder,
} from "../../tests/platforms/browser_support.ts";
import { formulaCheckpoint } from "../../tests/support/formula.ts";
import { whyMissing } from "../model_file.ts";
import { median, quantile } from "../statistics.ts";
import { table } from "../table.ts";
import type { Measured } from "./page.ts";
import { tfliteOf } from "./tflite.ts";

const rounds = 8;
const folder = "out/bench_browser";
const packages = ["@litertjs/core@2.5.3", "onnxruntime-web@1.30.0"];
const titles: Record<string, string> = {
  layertap: "Layertap",
  litert: packages[0],
  onnxruntime: packages[1],
};

const html = `<!DOCTYPE html>
<link rel="icon" href="data:,">
<script type="importmap">
{ "imports": {
  "@litertjs/core": "./node_modules/@litertjs/core/dist/index.js",
  "@litertjs/wasm-utils": "./node_modules/@litertjs/wasm-utils/dist/index.js",
  "onnxruntime-web": "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs"
} }
</script>
<script type="module" src="code/page.js"></script>
`;

/** The page, its packages (not in the lock file) and the models. */
async function prepare(archs: readonly string[]): Promise<void> {
  await bundleForBrowser(
    [new URL("page.ts", import.meta.url)],
    `${folder}/code`,
  );
  await Deno.writeTextFile(`${folder}/index.html`, html);
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-save", "--ignore-scripts", ...packages],
    cwd: folder,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  for (const arch of archs) {
    const onnx = `bench/models/${arch}.onnx`;
    const missing = await whyMissing(onnx);
    if (missing) throw new Error(missing);
    await Deno.copyFile(onnx, `${folder}/${arch}.onnx`);
    const bytes = await tfliteOf(arch, formulaCheckpoint(arch));
    await Deno.writeFile(`${folder}/${arch}.tflite`, bytes);
  }
}

async function bench(
  browser: Browser,
  origin: string,
  arch: string,
  threads: number,
): Promise<void> {
  const page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction("'measure' in globalThis");
  const { times, off } = await page.evaluate(
    `measure("${arch}", ${threads}, ${rounds})`,
  ) as Measured;
  await page.close();
  for (const [name, share] of Object.entries(off)) {
    if (!(share <= 1e-4)) {
      throw new Error(`${name}: logits are off by ${share}`);
    }
  }
  const reference = median(times.litert);
  console.log(`\n## ${arch}, ${threads} thread${threads > 1 ? "s" : ""}\n`);
  console.log(table([
    ["", "median ms", "quartiles", "/ LiteRT.js"],
    ...Object.entries(times).map(([name, all]) => [
      titles[name],
      median(all).toFixed(1),
      `${quantile(all, 0.25).toFixed(1)} to ${quantile(all, 0.75).toFixed(1)}`,
      (median(all) / reference).toFixed(2),
    ]),
  ]));
}

/** The explorer: from opening the page, and from clicks, until the maps are drawn. */
async function clicks(browser: Browser): Promise<void> {
  await buildExplorer("out/explorer");
  await using server = serveFolder("out/explorer");
  const page = await browser.newPage();
  const start = performance.now();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.waitForSelector("#grid canvas");
  const opened = performance.now() - start;
  await page.waitForFunction(`document.querySelector("#busy").hidden`);
  const until = (selectors: readonly string[]) =>
    page.evaluate(`(async () => {
      const times = [];
      const grid = document.querySelector("#grid");
      for (const selector of ${JSON.stringify(selectors)}) {
        const start = performance.now();
        document.querySelector(selector).click();
        await new Promise((resolve) => {
          const observer = new MutationObserver(() => {
            observer.disconnect();
            requestAnimationFrame(resolve);
          });
          observer.observe(grid, { childList: true });
        });
        times.push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      return times;
    })()`) as Promise<number[]>;
  const stages = ["stem", "layer1", "layer2", "layer3", "layer4"]
    .map((_, i) => `.stages > li:nth-child(${i < 1 ? 1 : i + 2}) > .stage`);
  const pictures = [2, 3, 4, 1].map((i) => `#samples button:nth-child(${i})`);
  const nodes = await until([...stages, ...stages]);
  const samples = await until([...pictures, ...pictures]);
  await page.close();
  console.log("\n## The explorer, all threads\n");
  console.log(table([
    ["", "median ms"],
    ["from opening the page to the first maps", opened.toFixed(0)],
    ["from a click on a stage to its maps", median(nodes).toFixed(0)],
    ["from a click on a picture to its maps", median(samples).toFixed(0)],
  ]));
}

const archs = Deno.args.length > 0 ? Deno.args : ["resnet18", "resnet50"];
await prepare(archs);
await using chromium = await Chromium.start();
const { browser } = chromium;
console.log(await browser.version());
await using server = serveFolder(folder);
for (const arch of archs) {
  for (const threads of [1, 2]) {
    await bench(
      browser,
      `http://127.0.0.1:${server.addr.port}/`,
      arch,
      threads,
    );
  }
}
await clicks(browser);
