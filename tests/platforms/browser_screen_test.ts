// stock: no, the package runs in another process
/** The explorer in a real Chromium: the screen in the URL, two pictures, values, and files. */

import assert from "node:assert/strict";
import { createModel, decodeImage } from "../../mod.ts";
import { convertWeights } from "../../src/weights/mod.ts";
import {
  browserTest,
  chooseFile,
  type Page,
  type PageRequest,
  violations,
} from "./browser_support.ts";
import { settled, text, visit, waitForText } from "./browser_explorer.ts";
import { formulaCheckpoint } from "../support/formula.ts";

/** A screenshot, without what differs each time. */
async function look(page: Page): Promise<Uint8Array> {
  await page.mouse.move(0, 0);
  await page.evaluate(
    `document.activeElement.blur();
     document.querySelectorAll("#facts, .time, #size")
       .forEach(({ style }) => style.opacity = 0)`,
  );
  return (await decodeImage(await page.screenshot({}))).data;
}

/** Whether two screenshots look alike; letters may be smoothed in another way each time. */
function lookAlike(a: Uint8Array, b: Uint8Array): boolean {
  assert.equal(a.length, b.length);
  const isOther = (value: number, i: number) => Math.abs(value - b[i]) > 4;
  return a.filter(isOther).length < 5000; // Of 3.5 million.
}

/** Waits until the page looks like this. */
async function looks(page: Page, expected: Uint8Array, when: string) {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (lookAlike(await look(page), expected)) return;
  }
  assert.fail(`the screen is another one: ${when}`);
}

/** Waits until the URL's hash is this, and the screen is up. */
async function arrived(page: Page, hash: string): Promise<void> {
  await page.waitForFunction(`location.hash === ${JSON.stringify(hash)}`, {
    timeout: 20_000,
  });
  await settled(page);
}

/** A point of an element, as shares of its size. */
async function pointIn(
  page: Page,
  selector: string,
  [x, y]: readonly [number, number],
): Promise<[number, number]> {
  const [left, top, width, height] = await page.evaluate(
    `(({ left, top, width, height }) => [left, top, width, height])(
      document.querySelector(${
      JSON.stringify(selector)
    }).getBoundingClientRect())`,
  ) as number[];
  return [left + x * width, top + y * height];
}

browserTest(
  "explorer: reload and the back button bring the same screen",
  (browser) =>
    visit(browser, async ({ page }) => {
      const steps: [hash: string, act: () => Promise<unknown>][] = [
        ["", async () => {}],
        [
          "#picture=astronaut.png",
          () => page.click("#samples button:nth-child(2)"),
        ],
        [
          "#picture=astronaut.png&place=3-10",
          async () =>
            page.mouse.click(...await pointIn(page, ".view", [0.75, 0.25])),
        ],
        [
          "#picture=astronaut.png&picture=coffee.png&place=3-10",
          () => page.click("#compare"),
        ],
        [
          "#picture=astronaut.png&picture=coffee.png&layer=layer2",
          () => page.click(`[data-node="layer2.1.relu_1"]`),
        ],
        [
          "#picture=astronaut.png&picture=coffee.png&layer=layer2&map=77&show=all",
          async () => {
            await page.focus("#find");
            await page.keyboard.type("77");
            await page.keyboard.press("Enter");
          },
        ],
        [
          "#picture=astronaut.png&picture=coffee.png&layer=layer2&map=77&show=all&theme=dark",
          () => page.select("#theme", "dark"),
        ],
      ];
      await page.emulateMediaFeatures([
        { name: "prefers-reduced-motion", value: "reduce" },
      ]);
      const seen: Uint8Array[] = [];
      for (const [hash, act] of steps) {
        await act();
        await arrived(page, hash);
        const now = await look(page);
        if (seen.length > 0) assert(!lookAlike(now, seen.at(-1)!), hash);
        seen.push(now);
      }
      await page.reload();
      await settled(page);
      await looks(page, seen.at(-1)!, "reload");
      for (const [i, [hash]] of [...steps.entries()].reverse().slice(1)) {
        await page.goBack();
        await arrived(page, hash);
        await looks(page, seen[i], `back to ${hash}`);
      }
      // What can't be shown is corrected.
      await page.evaluate(
        `location.hash = "#picture=gone.png&layer=layer9&map=999&place=50-1&class=3"`,
      );
      await arrived(page, "#layer=layer9");
      assert.equal(await text(page, "#maps-title"), "layer3.1.relu_1");
    }),
);

browserTest(
  "explorer: two pictures, values, a channel by its number, downloads",
  (browser) =>
    visit(browser, async ({ page }) => {
      using model = await createModel("mlnet_resnet18", "layer1", true);
      const [cat, coffee] = await Promise.all(
        ["chelsea.png", "coffee.png"].map(async (name) => {
          const x = model.preprocess(
            await decodeImage(`examples/images/${name}`),
          );
          const value = model.forward(x);
          const values = await value.array() as number[][][][];
          x.dispose();
          value.dispose();
          return values[0];
        }),
      );
      const tiles = () =>
        page.evaluate(`document.querySelectorAll("#grid button").length`);
      assert.equal(await tiles(), 64);
      assert.equal(await text(page, "#maps-title"), "layer1.1.relu_1");
      await page.waitForSelector("#more", { hidden: true });

      // A number finds its channel, and the pane scrolls to it.
      await page.keyboard.press("/");
      await page.keyboard.type("37");
      await page.keyboard.press("Enter");
      await waitForText(page, "#shown", /^layer1\.1\.relu_1, map 37$/);
      const chosen = `#grid [aria-pressed="true"]`;
      assert.equal(await text(page, chosen), "37");
      const [, top] = await pointIn(page, chosen, [0, 0]);
      const [, bottom] = await pointIn(page, chosen, [0, 1]);
      assert(top > 0 && bottom < 900, `${top} to ${bottom}`);

      // The value under the pointer: in the picture, and in a map.
      const value = (values: number[][][], row: number, column: number) =>
        values[row][column][37].toPrecision(3);
      await page.mouse.move(
        ...await pointIn(page, ".view:nth-child(2)", [10.5 / 56, 20.5 / 56]),
      );
      assert.equal(
        await text(page, "#value"),
        `Right: row 21, column 11 of 56 × 56, value ${value(coffee, 20, 10)}`,
      );
      await page.mouse.move(
        ...await pointIn(page, `${chosen} canvas`, [7.5 / 113, 30.5 / 56]),
      );
      assert.equal(
        await text(page, "#value"),
        `Left: row 31, column 8 of 56 × 56, value ${value(cat, 30, 7)}`,
      );
      // By keyboard: five rows above the place that was pointed at.
      await page.focus(".view:nth-child(2)");
      for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowUp");
      assert.equal(
        await text(page, "#value"),
        `Right: row 16, column 11 of 56 × 56, value ${value(coffee, 15, 10)}`,
      );

      await page.evaluate(
        `globalThis.saved = [];
         URL.createObjectURL = (blob) => (globalThis.blob = blob, "about:blank");
         HTMLAnchorElement.prototype.click = async function () {
           saved.push([this.download, [...await blob.bytes()]]);
         }`,
      );
      for (const id of ["#save-view", "#save-map", "#save-maps"]) {
        await page.click(id);
        await page.waitForFunction(`saved.length === 1`);
        const [name, bytes] = await page.evaluate(`saved.pop()`) as [
          string,
          number[],
        ];
        const { width, height, data } = await decodeImage(
          Uint8Array.from(bytes),
        );
        assert(width > 1300 && height > 600, `${width}×${height}`);
        assert(new Set(data).size > 200);
        assert.match(name, /^chelsea_coffee_layer1_(overlay|map37|maps)\.png$/);
      }

      await page.keyboard.press("?");
      await page.waitForSelector("#keys", { visible: true });
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press("Escape");
      for (const theme of ["dark", "light"]) {
        await page.select("#theme", theme);
        await waitForText(page, "#shown", /map 37$/);
        assert.deepEqual(await violations(page), [], theme);
      }
      await page.keyboard.press("]");
      await waitForText(page, "#maps-title", /^layer2\.1\.relu_1$/);
      await settled(page);
      await page.keyboard.press("c");
      await page.waitForSelector(".view:nth-child(2)", { hidden: true });
    }, { hash: "#picture=chelsea.png&picture=coffee.png&layer=layer1" }),
);

browserTest(
  "explorer: dropped pictures and names, and the back button",
  (browser) =>
    visit(browser, async ({ page }) => {
      const row = {
        name: "small",
        block: "BasicBlock",
        layers: [1, 1, 1, 1],
        numClasses: 3,
      } as const;
      const path = "out/test/three_classes.npz";
      const options = { arch: row, dtype: "float32" } as const;
      await Deno.writeFile(
        path,
        await convertWeights(formulaCheckpoint(row), options),
      );
      await chooseFile(page, "#weights-file", path);
      await page.waitForSelector("#classes button");
      await page.evaluate(
        `(async () => {
        const drop = async (...files) => {
          const dataTransfer = new DataTransfer();
          files.forEach((file) => dataTransfer.items.add(file));
          document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer, bubbles: true }));
        };
        const picture = async (from, name) => new File(
          [await (await fetch("images/" + from)).blob()], name,
          { type: "image/png" });
        drop(
          await picture("rocket.jpg", "one.png"),
          await picture("coffee.png", "two.png"),
          new File(["red\\ngreen\\nblue\\n"], "names.txt"),
        );
      })()`,
      );
      await arrived(page, "#picture=one.png");
      await waitForText(page, "#classes", /red/);
      const labels = await text(page, "#classes");
      assert.match(labels, /green/);
      assert.match(labels, /blue/);
      await page.click(`#samples [data-name="two.png"]`);
      await arrived(page, "#picture=two.png");
      await page.click("#classes button");
      await waitForText(page, "#shown", /^Evidence for “(red|green|blue)”$/);
      await page.goBack();
      await page.goBack();
      await arrived(page, "#picture=one.png");
      await chooseFile(page, "#names-file", "README.md");
      await waitForText(page, "#problem", /names but 3 classes/);
    }),
);

browserTest("explorer: official weights, only when asked", async (browser) => {
  using model = await createModel("resnet18", null, false);
  const path = "out/test/resnet18.npz";
  await model.save(path, { dtype: "int8" });
  const mirrored = await Deno.readFile(path);
  let isMirrorOpen = false;
  const asked: string[] = [];
  const elsewhere = async (request: PageRequest) => {
    asked.push(request.url());
    if (!isMirrorOpen || !request.url().includes("huggingface")) {
      return await request.abort();
    }
    await request.respond({
      status: 200,
      headers: { "access-control-allow-origin": "*" },
      body: mirrored,
    });
  };
  await visit(browser, async ({ page }) => {
    await page.click("details summary");
    assert.deepEqual(asked, []);
    await page.click("#official-form button");
    await waitForText(page, "#problem", /CORS/);
    assert.equal(
      await page.evaluate(`document.querySelector("#problem a").href`),
      "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    );
    assert(asked.length >= 2);
    assert.equal(await text(page, "#arch"), "mlnet_resnet18");
    isMirrorOpen = true;
    await page.click("#official-form button");
    await waitForText(page, "#arch", /^resnet18$/);
    await page.waitForSelector("#classes button");
    assert.equal(new Set(asked.map((url) => new URL(url).host)).size, 2);
  }, { elsewhere });
});
