// stock: no, the package runs in another process
/** The explorer in a real Chromium: what a person does with it, and its numbers. */

import assert from "node:assert/strict";
import { classify, createModel, decodeImage } from "../../mod.ts";
import { convertWeights } from "../../src/weights/mod.ts";
import {
  browserTest,
  chooseFile,
  type Page,
  violations,
} from "./browser_support.ts";
import {
  changed,
  looksSame,
  pixels,
  settled,
  show,
  text,
  visit,
  waitForText,
} from "./browser_explorer.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";

/** Sends a worker orders, as the page does, and returns the values of the last one. */
async function order(
  page: Page,
  orders: readonly [task: string, ...args: (string | number)[]][],
): Promise<{ values: number[]; shape: number[] }> {
  return await page.evaluate(
    `(async () => {
      const worker = new Worker("code/worker.js", { type: "module" });
      let id = 0, last;
      for (const [task, ...args] of ${JSON.stringify(orders)}) {
        if (task === "openPicture") {
          args[0] = await (await fetch(args[0])).blob();
        }
        worker.postMessage({ id: ++id, task, args });
        last = await new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => {
            if ("error" in data) reject(new Error(data.error.message));
            if ("result" in data) resolve(data.result);
          };
        });
      }
      worker.terminate();
      return { values: [...last.data], shape: last.shape };
    })()`,
  ) as { values: number[]; shape: number[] };
}

/** The same node's values in Deno, `[H, W, C]`. */
async function expectedMaps(
  node: string,
): Promise<{ values: Float32Array; shape: number[] }> {
  using model = await createModel("mlnet_resnet18", node, true);
  const x = model.preprocess(
    await decodeImage("examples/images/astronaut.png"),
  );
  const value = model.forward(x);
  const values = new Float32Array(await value.data());
  const shape = value.shape.slice(1);
  x.dispose();
  value.dispose();
  return { values, shape };
}

function assertNear(
  actual: readonly number[],
  expected: Float32Array,
): void {
  assert(expected.some((value) => Math.abs(value) > 0.1));
  closeTo(actual, expected, 1e-4);
}

for (const isolated of [true, false]) {
  const how = isolated ? "isolated" : "not isolated, with one thread";
  browserTest(
    `explorer, ${how}: a node's numbers equal Deno's`,
    (browser) =>
      visit(browser, async ({ page, origin }) => {
        const cores = await page.evaluate("navigator.hardwareConcurrency");
        const said = await text(page, "#engine");
        if (!isolated) {
          assert.match(said, /^One thread: the page isn't isolated/);
        } else if (cores as number > 1) assert.match(said, /^\d threads$/);

        for (const node of ["layer1.0.conv2", "layer3"]) {
          const { values, shape } = await order(page, [
            ["start"],
            ["openNetwork", `${origin}/code/mlnet_resnet18.npz`],
            ["openPicture", `${origin}/images/astronaut.png`],
            ["featureMaps", 1, node],
          ]);
          const expected = await expectedMaps(node);
          assert.deepEqual(shape, expected.shape);
          assertNear(values, expected.values);
        }
      }, { isolated }),
  );
}

browserTest(
  "explorer: pictures, maps, and similar places",
  (browser) =>
    visit(browser, async ({ page }) => {
      const before = await pixels(page, ".view canvas");
      await page.click("#samples button:nth-child(2)");
      const picture = await changed(page, ".view canvas", before);
      await settled(page);
      await show(page, "layer3.1.relu_1");
      assert.equal(
        await text(page, "#maps-shape"),
        "ReLU: 256 maps of 14 × 14",
      );

      // The strongest map is first; its greatest value has viridis's last colour, yellow.
      const { values, shape } = await expectedMaps("layer3");
      const channels = shape[2], size = shape[0] * shape[1];
      const maps = Array.from(
        { length: channels },
        (_, c) => values.filter((_, i) => i % channels === c),
      );
      const means = maps.map((map) => map.reduce((a, b) => a + b));
      const strongest = means.indexOf(Math.max(...means));
      assert.equal(await text(page, "#grid button"), `${strongest}`);
      const drawn = await pixels(page, "#grid canvas");
      assert.equal(drawn.length, 4 * size);
      const peak = maps[strongest].indexOf(Math.max(...maps[strongest]));
      assert.deepEqual(drawn.slice(4 * peak, 4 * peak + 4), [
        253,
        231,
        37,
        255,
      ]);
      assert(new Set(drawn.filter((_, i) => i % 4 === 0)).size > 10);

      await page.click(`input[value="channel"]`);
      assert.equal(await text(page, "#grid button"), "0");
      await page.click("#more");
      assert.equal(
        await page.evaluate(`document.querySelectorAll("#grid button").length`),
        256,
      );

      await page.hover("#grid button:nth-child(3)");
      await waitForText(page, "#shown", /^layer3.1.relu_1, map 2$/);
      assert(!looksSame(await pixels(page, ".view canvas"), picture));
      await page.hover("h1");
      await waitForText(page, "#shown", /^Picture only$/);
      assert(looksSame(await pixels(page, ".view canvas"), picture));

      const [left, top, width] = await page.evaluate(
        `(({ left, top, width }) => [left, top, width])(
        document.querySelector(".view").getBoundingClientRect())`,
      ) as number[];
      await page.mouse.click(left + 0.54 * width, top + 0.54 * width);
      await waitForText(page, "#shown", /^Similar to the mark/);
      assert.equal(await text(page, "#high"), "1.0");
      const mark = await page.evaluate(
        `document.querySelector(".mark").style.cssText`,
      );
      assert.match(mark as string, /left: 50%; top: 50%; width: 7.14/);
      assert(!looksSame(await pixels(page, ".view canvas"), picture));
      await page.click("#clear");
      assert(looksSame(await pixels(page, ".view canvas"), picture));
    }),
);

browserTest(
  "explorer: weights with a head, wrong files, and Cancel",
  (browser) =>
    visit(browser, async ({ page }) => {
      assert.match(
        await text(page, "#headless"),
        /have no classification head/,
      );
      const row = {
        name: "small",
        block: "BasicBlock",
        layers: [1, 1, 1, 1],
        numClasses: 7,
      } as const;
      const path = "out/test/small_head.npz";
      const bytes = await convertWeights(formulaCheckpoint(row), {
        arch: row,
        dtype: "float32",
      });
      await Deno.writeFile(path, bytes);

      await chooseFile(page, "#weights-file", path);
      await page.evaluate(`document.querySelector("#busy button").click()`);
      await settled(page);
      assert.equal(await text(page, "#arch"), "mlnet_resnet18");
      await show(page, "layer2.1.relu_1"); // The network still works.

      await chooseFile(page, "#weights-file", path);
      await page.waitForSelector("#classes button");
      await settled(page);
      using model = await createModel(row, null, bytes);
      const likeliest = await classify(
        model,
        await decodeImage("examples/images/chelsea.png"),
      );
      const shown = await page.evaluate(
        `[...document.querySelectorAll("#classes button")].map((b) => [...b.children].map((c) => c.innerText))`,
      ) as [string, string][];
      assert.deepEqual(
        shown.map(([label]) => label),
        likeliest.map(({ label }) => label),
      );
      shown.forEach(([, percent], i) =>
        assert(Math.abs(parseFloat(percent) - 100 * likeliest[i].score) < 0.06)
      );
      const picture = await pixels(page, ".view canvas");
      await page.click("#classes button");
      await waitForText(page, "#shown", /^Evidence for “class \d”$/);
      assert(!looksSame(await pixels(page, ".view canvas"), picture));
      assert.deepEqual(await violations(page), []);

      await chooseFile(page, "#weights-file", "README.md");
      await page.waitForSelector("#problem", { visible: true });
      assert.match(
        await text(page, "#problem"),
        /Choose the state dict of a ResNet/,
      );
      assert.match(await text(page, "#problem"), /README\.md/);
      assert.deepEqual(await violations(page), []);
      await chooseFile(page, "#picture-file", "README.md");
      await waitForText(page, "#problem", /Choose a JPEG, PNG or WebP file/);
      await page.click("#problem button");
      await show(page, "layer2.0.bn1");
      await page.click("#ship");
      await waitForText(page, "#arch", /^mlnet_resnet18$/);
      await settled(page);
    }),
);

browserTest(
  "explorer: by keyboard only",
  (browser) =>
    visit(browser, async ({ page }) => {
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      const tabTo = async (selector: string) => {
        for (let i = 0; i < 60; i++) {
          await press("Tab");
          const isThere = await page.evaluate(
            `document.activeElement.matches(${JSON.stringify(selector)})`,
          );
          if (isThere) return;
        }
        assert.fail(`Tab doesn't reach ${selector}`);
      };
      await tabTo("#samples button:nth-child(3)");
      await press("Enter");
      await settled(page);
      await tabTo(`.stage[data-node="layer4.2.relu_1"]`);
      await press("Enter");
      await waitForText(page, "#maps-title", /^layer4.2.relu_1$/);
      await tabTo(".unfold");
      await press("Enter", "Tab");
      const inside = await page.evaluate(
        `document.activeElement.dataset.node`,
      ) as string;
      assert.match(inside, /^layer4\./);
      await tabTo("#grid button");
      await press("ArrowRight", "ArrowRight", "Enter");
      const chosen = await page.evaluate(
        `[...document.querySelectorAll("#grid button")].findIndex((b) => b.ariaPressed === "true")`,
      );
      assert.equal(chosen, 2);
      assert.match(await text(page, "#shown"), /^layer4.2.relu_1, map \d+$/);
      await page.focus("h1, .view");
      await tabTo(".view");
      await press("ArrowUp", "ArrowLeft");
      assert.match(
        await text(page, "#value"),
        /^Row 3, column 3 of 7 × 7, value \d/,
      );
      await press("Enter");
      await waitForText(page, "#shown", /^Similar to the mark/);
      await press("Escape");
      assert.equal(await text(page, "#shown"), "Picture only");
    }),
);

browserTest(
  "explorer: phones, dark and light, accessibility",
  (browser) =>
    visit(browser, async ({ page }) => {
      const grounds = new Set<unknown>();
      let pictures = 1;
      for (const value of ["light", "dark"]) {
        await page.emulateMediaFeatures([
          { name: "prefers-color-scheme", value },
        ]);
        grounds.add(
          await page.evaluate(
            "getComputedStyle(document.body).backgroundColor",
          ),
        );
        for (const width of [360, 800, 1280]) {
          await page.setViewport({ width, height: 800 });
          // Two pictures, then one, and so on; with the details open too.
          pictures = 3 - pictures;
          await page.click("#compare");
          await page.waitForFunction(
            `document.querySelectorAll(".view:not([hidden])").length === ${pictures}`,
          );
          await page.evaluate(
            `document.querySelectorAll('.unfold[aria-expanded="false"]').forEach((b) => b.click());
             document.querySelector("details").open = true;
             document.querySelector("#grid button").click()`,
          );
          const [content, view] = await page.evaluate(
            "[document.documentElement.scrollWidth, innerWidth]",
          ) as number[];
          assert(content <= view, `${content} of ${view} pixels wide`);
          assert.deepEqual(await violations(page), [], `${value}, ${width}`);
        }
      }
      assert.equal(grounds.size, 2);
    }, { width: 360, height: 780 }),
);

browserTest(
  "explorer: the page answers while the worker computes",
  (browser) =>
    visit(browser, async ({ page }) => {
      // The page's timers and frames between an order and its answer.
      const [timers, frames] = await page.evaluate(
        `(async () => {
        let timers = 0, frames = 0, runs = true;
        const tick = () => { if (runs) { timers++; setTimeout(tick); } };
        const draw = () => { if (runs) { frames++; requestAnimationFrame(draw); } };
        document.querySelector("#samples button:nth-child(4)").click();
        tick(); draw();
        await new Promise((resolve) => {
          new MutationObserver(resolve).observe(
            document.querySelector("#facts"), { childList: true });
        });
        while (document.querySelector(".maps.waiting")) {
          await new Promise((resolve) => setTimeout(resolve));
        }
        runs = false;
        return [timers, frames];
      })()`,
      ) as number[];
      assert(timers >= 3 && frames >= 1, `${timers} timers, ${frames} frames`);
    }),
);
