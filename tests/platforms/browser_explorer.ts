/**
 * Opens the explorer in a page, watches it, and reads what it shows.
 *
 * @module
 */

import assert from "node:assert/strict";
import { buildExplorer } from "../../examples/browser/build.ts";
import {
  type Browser,
  type Page,
  type PageRequest,
  serveFolder,
} from "./browser_support.ts";

/** The page of one test file; others run beside it. */
const folder = await Deno.makeTempDir();
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(folder, { recursive: true }),
);
let built: Promise<void> | undefined;

/** A page with the explorer, ready, and its requests. */
export interface Visit {
  readonly page: Page;
  readonly origin: string;
}

/** The kind of visit. */
export interface VisitOptions {
  readonly isolated?: boolean;
  readonly width?: number;
  readonly height?: number;
  /** The URL's hash. */
  readonly hash?: string;
  /** Answers requests to other hosts, which fail the test otherwise. */
  readonly elsewhere?: (request: PageRequest) => Promise<void>;
}

/** Opens the explorer, waits for the first maps, and checks its requests and messages. */
export async function visit(
  browser: Browser,
  use: (visit: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const { isolated = true, width = 1280, height = 900, hash = "" } = options;
  await (built ??= buildExplorer(folder));
  await using server = serveFolder(folder, { isolated });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const page = await browser.newPage();
  const requests: string[] = [], complaints: string[] = [];
  const isElsewhere = (url: string) =>
    !url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url);
  const { elsewhere } = options;
  await page.setRequestInterception(elsewhere !== undefined);
  page.on("request", (request) => {
    requests.push(request.url());
    if (!elsewhere) return;
    void (isElsewhere(request.url()) ? elsewhere(request) : request.continue());
  });
  page.on("pageerror", (error) => complaints.push(`${error}`));
  page.on("console", (message) => {
    if (message.type() !== "log") complaints.push(message.text());
  });
  await page.setViewport({ width, height });
  await page.goto(`${origin}/${hash}`);
  await settled(page).catch(async (cause) => {
    const shown = await text(page, "body");
    throw new Error(`no maps: ${complaints}; the page: ${shown}`, { cause });
  });
  await use({ page, origin });
  await page.close();
  // Those of the worker are among them.
  assert(requests.some((url) => url.endsWith(".npz")));
  if (elsewhere) return;
  assert.deepEqual(requests.filter(isElsewhere), []);
  assert.deepEqual(complaints, []);
}

/** Waits until it is idle and shows maps. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    `document.querySelector("#busy").hidden &&
     document.querySelector("#facts").innerText.includes("WebAssembly memory") &&
     document.querySelector("#grid canvas") !== null &&
     document.querySelector(".maps.waiting") === null`,
    { timeout: 60_000 },
  );
}

/** The text that an element shows. */
export const text = (page: Page, selector: string) =>
  page.evaluate<string, [string]>(
    (selector) => eval("document").querySelector(selector).innerText,
    selector,
  );

/** Waits until an element's text matches. */
export const waitForText = (page: Page, selector: string, pattern: RegExp) =>
  page.waitForFunction(
    `${pattern}.test(document.querySelector(${
      JSON.stringify(selector)
    }).innerText)`,
    { timeout: 60_000 },
  );

/** The pixels of a canvas, RGBA, read from a copy so that the canvas stays on the GPU. */
export async function pixels(page: Page, selector: string): Promise<number[]> {
  return await page.evaluate(
    `(() => {
      const canvas = document.querySelector(${JSON.stringify(selector)});
      const { width, height } = canvas;
      const pen = new OffscreenCanvas(width, height)
        .getContext("2d", { willReadFrequently: true });
      pen.drawImage(canvas, 0, 0);
      return [...pen.getImageData(0, 0, width, height).data];
    })()`,
  ) as number[];
}

/** Whether two pictures look the same; graphics drivers may round differently each time. */
export const looksSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= 4);

/** Waits until a canvas looks different, and returns its pixels. */
export async function changed(
  page: Page,
  selector: string,
  before: readonly number[],
): Promise<number[]> {
  for (const end = Date.now() + 60_000;;) {
    const now = await pixels(page, selector);
    if (!looksSame(now, before)) return now;
    assert(Date.now() < end, `${selector} stays as it is`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Clicks on a node's button. */
export async function show(page: Page, node: string): Promise<void> {
  await page.evaluate(
    `document.querySelector('[data-node="${node}"]').click()`,
  );
  await page.waitForFunction(
    `document.querySelector("#maps-title").innerText === "${node}"`,
    { timeout: 60_000 },
  );
  await settled(page);
}
