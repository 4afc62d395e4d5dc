/** Shared by the tests of fetching: a file to fetch, and ways to load it. */

import assert from "node:assert/strict";
import type { FetchSettings } from "../../src/weights/fetch/options.ts";
import { withPretrained } from "../../src/weights/resolve.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { pthBytes } from "./pth_writer.ts";
import { assertSameBits } from "./fixtures.ts";
import { type Served, WeightsServer } from "./server.ts";

/** Its URL on the tests' server. */
export const url = "https://example.com/front.pth";

/** The tensors of resnet18 up to the end of `layer2`, 2.7 MB. */
export function frontCheckpoint(): Checkpoint {
  const checkpoint = formulaCheckpoint("resnet18");
  for (const name of checkpoint.tensors.keys()) {
    if (/^(layer[34]|fc)/.test(name)) checkpoint.tensors.delete(name);
  }
  return checkpoint;
}

/** Its names, in the order of need. */
export const frontNames: readonly string[] = [
  ...frontCheckpoint().tensors.keys(),
];
export const stemNames: readonly string[] = frontNames.slice(0, 5);
export const layer1Names: readonly string[] = frontNames
  .filter((name) => !name.startsWith("layer2"));

/** The same as a zip-format `.pth`. */
export const frontPth: Uint8Array<ArrayBuffer> = await pthBytes(
  frontCheckpoint(),
);

/** Loads tensors as a model does, and checks their values. */
export async function load(
  url: string,
  names: readonly string[],
  settings: FetchSettings,
  expected: Checkpoint = frontCheckpoint(),
): Promise<void> {
  await withPretrained(
    "front",
    url,
    { warn, retryDelay: () => 1, ...settings },
    async ({ checkpoint }) => {
      checkpoint.expect?.(names);
      for (const name of names) {
        const values = await checkpoint.read(name);
        assertSameBits(values, await expected.read(name), name);
      }
    },
  );
}

function warn(message: string): never {
  assert.fail(`unexpected warning: ${message}`);
}

/** All paths in a folder and its subfolders. */
export async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await filesIn(path));
    else files.push(path);
  }
  return files;
}

/** A folder that lasts as long as the test. */
export async function temporaryFolder(): Promise<
  { path: string } & AsyncDisposable
> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A server that has the file, and an empty cache. */
export async function setUp() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(new WeightsServer());
  const folder = stack.use(await temporaryFolder());
  server.put(url, frontPth);
  return {
    server,
    cache: folder.path,
    settings: { fetch: server.fetch, cache: folder.path },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Fails if any byte of the file was sent twice. */
export function assertSentOnce(served: readonly Served[]): void {
  const spans = served.map(({ range }) =>
    /^bytes=(\d+)-(\d+)$/.exec(range!)!.slice(1).map(Number)
  ).sort(([a], [b]) => a - b);
  for (let i = 1; i < spans.length; i++) {
    assert.ok(spans[i - 1][1] < spans[i][0], `${spans[i - 1]} and ${spans[i]}`);
  }
}
