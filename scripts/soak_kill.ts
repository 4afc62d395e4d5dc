/**
 * Kills a process during downloads and conversions, again and again, at random moments. Checks that
 * it leaves complete files or none.
 *
 *     deno task soak:kill [times]
 *
 * @module
 */

import assert from "node:assert/strict";
import { FolderCache } from "../src/weights/fetch/folder_cache.ts";
import { openPretrained } from "../src/weights/resolve.ts";
import {
  filesIn,
  frontNames,
  frontPth,
  layer1Names,
  temporaryFolder,
} from "../tests/weights/fetch_support.ts";
import { slowly, WeightsServer } from "../tests/weights/server.ts";
import { killWithin, path, start, wait } from "./soak_process.ts";

/** Longest time from the first request to the kill, in milliseconds; a download takes less. */
const DOWNLOAD = 400;

/**
 * Kills so many downloads, and completes a last one.
 *
 * @returns How many were writing a part when killed.
 */
export async function killDownloads(times: number): Promise<number> {
  await using server = new WeightsServer();
  await using folder = await temporaryFolder();
  const cache = new FolderCache(folder.path);
  const url = `${server.origin}/front.pth`;
  server.put(url, frontPth);
  let interrupted = 0;
  for (let i = 0; i <= times; i++) {
    server.reset();
    server.fail(url, ...Array.from({ length: 99 }, () => slowly));
    const child = start([
      "--allow-net=127.0.0.1",
      "--allow-read",
      `--allow-write=${folder.path}`,
      path("soak_kill.ts"),
      "download",
      url,
      folder.path,
      i % 2 ? "front" : "all",
    ]);
    // A complete earlier download makes no request.
    let isRunning = true;
    child.status.then(() => isRunning = false);
    while (isRunning && server.served.length === 0) await wait(1);
    if (i < times) await killWithin(child, DOWNLOAD);
    else assert.ok((await child.status).success, "the last download failed");
    await checkCache(cache);
    if (i % 3 < 2) continue;
    interrupted += await unfinishedIn(folder.path, ".tmp");
    await cache.remove(url);
  }
  return interrupted;
}

/** Checks every cached part. */
async function checkCache(cache: FolderCache): Promise<void> {
  for (const { version, parts } of await cache.list()) {
    for (const part of parts) {
      const source = await cache.open(version, part);
      assert.ok(source, `bytes ${part.offset} to ${part.end} are damaged`);
      assert.deepEqual(
        await source.read(0, source.size),
        frontPth.slice(part.offset, part.end),
      );
      source.close();
    }
  }
}

async function unfinishedIn(folder: string, end: string): Promise<number> {
  return (await filesIn(folder)).filter((path) => path.endsWith(end)).length;
}

/**
 * Kills so many conversions.
 *
 * @returns How many were writing a file when killed.
 */
export async function killConversions(times: number): Promise<number> {
  await using folder = await temporaryFolder();
  const convert = (output: string) =>
    start([
      "--allow-read",
      `--allow-write=${folder.path}`,
      path("../src/cli/mod.ts"),
      "convert",
      path("../weights/mlnet_resnet18.npz"),
      output,
      "--layer=layer2",
    ]);
  const begin = performance.now();
  const whole = `${folder.path}/whole.npz`;
  assert.ok((await convert(whole).status).success, "a conversion failed");
  const duration = performance.now() - begin;
  const expected = await Deno.readFile(whole);
  for (let i = 0; i < times; i++) {
    const output = `${folder.path}/${i}.npz`;
    await killWithin(convert(output), duration);
    const found = await Deno.readFile(output).catch(() => undefined);
    if (found !== undefined) assert.deepEqual(found, expected);
  }
  return await unfinishedIn(folder.path, ".part");
}

/** Loads weights through the cache, in the process that is killed. */
async function download(url: string, cache: string, part: string) {
  const names = part === "all" ? frontNames : layer1Names;
  const { checkpoint } = await openPretrained("front", url, { cache });
  checkpoint.expect?.(names);
  for (const name of names) await checkpoint.read(name);
  checkpoint.close();
}

if (import.meta.main) {
  const [first = "50", ...rest] = Deno.args;
  if (first === "download") {
    const [url, cache, part] = rest;
    await download(url, cache, part);
  } else {
    const times = Number(first);
    const parts = await killDownloads(times);
    console.log(`${times} downloads killed, ${parts} while they wrote: ok`);
    const files = await killConversions(times);
    console.log(`${times} conversions killed, ${files} while they wrote: ok`);
  }
}
