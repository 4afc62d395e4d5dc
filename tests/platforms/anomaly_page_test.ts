// stock: no, the page starts its own kernels
/** examples/anomaly in Chromium: good pictures in, a scratched one lights up where it is scratched. */

import assert from "node:assert/strict";
import { buildAnomalyPage } from "../../examples/anomaly/build.ts";
import {
  browserTest,
  chooseFile,
  serveFolder,
  violations,
} from "./browser_support.ts";

const folder = "out/test/anomaly_page";

browserTest(
  "the anomaly page: bricks are learnt, and a scratch is found",
  async (browser) => {
    await buildAnomalyPage(folder);
    await using server = serveFolder(folder);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`${error}`));
    page.on("console", (message) => {
      if (message.type() !== "log") complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await page.click("#bricks");
    await page.waitForFunction(
      `/^Learnt \\d+ patches of 10 pictures; threshold/.test(document.querySelector("#learnt").textContent)`,
      { timeout: 60_000 },
    );
    await page.click("#faulty");
    await page.waitForFunction(
      `document.querySelectorAll("#results canvas").length === 4`,
      { timeout: 60_000 },
    );
    const verdicts = await page.evaluate<string[], []>(
      `[...document.querySelectorAll("#results p")].map((p) => p.textContent)`,
    );
    assert.deepEqual(
      verdicts.map((text) => text.replace(/: [\d.]+:/, ":").replace(/,.*/, "")),
      [
        "scratch: anomalous",
        "spot: anomalous",
        "hole: anomalous",
        "good: good",
      ],
    );
    await Deno.mkdir("out/test", { recursive: true });
    await Deno.writeFile(
      "out/test/anomaly_page.png",
      await page.screenshot({ fullPage: true }),
    );

    // A picture of one's own: where it is brightest, the scratch is.
    await chooseFile(
      page,
      "#try-files",
      "examples/anomaly/images/test/scratch.jpg",
    );
    await page.waitForFunction(
      `document.querySelectorAll("#results canvas").length === 5`,
      { timeout: 60_000 },
    );
    const light = await page.evaluate<{ x: number; y: number }, []>(`{
    const canvas = document.querySelector("#results canvas");
    const side = canvas.height;
    const { data } = canvas.getContext("2d").getImageData(0, 0, side, side);
    let x = 0, y = 0, count = 0;
    for (let i = 0; i < side * side; i++) {
      const [r, , b] = data.subarray(4 * i, 4 * i + 3);
      if (r - b < 60) continue; // Grey bricks have no colour.
      x += i % side;
      y += Math.floor(i / side);
      count++;
    }
    ({ x: x / count / side, y: y / count / side });
  }`);
    const scratch = JSON.parse(
      await Deno.readTextFile("examples/anomaly/images/scratch.json"),
    );
    const away = Math.hypot(light.x - scratch.x, light.y - scratch.y);
    assert(away < 0.15, `the light is at ${JSON.stringify(light)}`);
    // A webcam that shows the scratched picture.
    await page.evaluate(`(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 256;
    const picture = new Image();
    picture.src = "images/test/scratch.jpg";
    await picture.decode();
    const draw = () =>
      canvas.getContext("2d").drawImage(picture, 0, 0, 256, 256);
    draw();
    setInterval(draw, 50);
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
  })()`);
    await page.click("#camera");
    await page.waitForFunction(
      `/^webcam: [\\d.]+: anomalous/.test(document.querySelector("#results p").textContent)`,
      { timeout: 60_000 },
    );
    await page.click("#camera");
    await page.waitForSelector("#video", { hidden: true });
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(complaints, []);
  },
);
