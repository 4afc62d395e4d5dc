/**
 * Shows the maps of Chromium's fake webcam: memory stays flat, and frames are dropped, not queued.
 *
 *     deno task soak:webcam [seconds]
 *
 * @module
 */

import { buildWebcam } from "../examples/webcam/build.ts";
import {
  Chromium,
  type Page,
  serveFolder,
  type Session,
} from "../tests/platforms/browser_support.ts";

/** Chromium's fake camera, allowed without asking. */
export const webcamArgs: readonly string[] = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

/** The state of the page. */
export interface Sample {
  /** Frames that were computed and drawn. */
  readonly shown: number;
  /** Frames that the camera gave. */
  readonly given: number;
  /** Tensors in the worker. */
  readonly tensors: number;
  /** Bytes of the heaps of the page and its worker after a collection, buffers included. */
  readonly bytes: number;
}

/** Serves the page, starts the camera, and waits for the first maps. */
export async function visitWebcam(
  newPage: () => Promise<Page>,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const folder = "out/test/webcam";
  await buildWebcam(folder);
  await using server = serveFolder(folder);
  const page = await newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`${error}`));
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.waitForSelector("#start:not(:disabled)", { timeout: 60_000 });
  await page.click("#start");
  await page.waitForFunction("document.body.dataset.shown > 0");
  await use(page);
  await page.close();
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
}

/** Looks at the page so many times, this many milliseconds apart, as it runs. */
export async function samplesOf(
  page: Page,
  count: number,
  every: number,
): Promise<Sample[]> {
  const own = await page.createCDPSession();
  // Not those of the kernels' threads, which sleep and don't answer.
  const worker = page.workers().find((each) =>
    each.url().endsWith("worker.js")
  );
  const heaps = [own, worker!.client];
  const samples: Sample[] = [];
  while (samples.length < count) {
    await new Promise((resolve) => setTimeout(resolve, every));
    const state = await page.evaluate(
      `Object.entries(document.body.dataset).map(([k, v]) => [k, Number(v)])`,
    ) as [string, number][];
    const bytes = await Promise.all(heaps.map(bytesOf));
    samples.push({
      ...Object.fromEntries(state) as Omit<Sample, "bytes">,
      bytes: bytes.reduce((a, b) => a + b),
    });
  }
  await own.detach();
  return samples;
}

async function bytesOf(heap: Session): Promise<number> {
  await heap.send("HeapProfiler.collectGarbage");
  const usage = await heap.send<
    { usedSize: number; backingStorageSize: number }
  >("Runtime.getHeapUsage");
  return usage.usedSize + usage.backingStorageSize;
}

if (import.meta.main) {
  const seconds = Number(Deno.args[0] ?? 60);
  await using chromium = await Chromium.start(webcamArgs);
  await visitWebcam(chromium.browser.newPage, async (page) => {
    for (const sample of await samplesOf(page, seconds / 5, 5000)) {
      const { shown, given, tensors, bytes } = sample;
      const megabytes = (bytes / 1e6).toFixed(1);
      console.log(
        `${shown} of ${given} frames shown, ${tensors} tensors, ${megabytes} MB`,
      );
    }
  });
}
