/**
 * What Supabase's functions are like: one file in Deno 2.1, without threads. For each picture it
 * prints the features, and waits for a line: index.js WEIGHTS PICTURE…
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";

Reflect.deleteProperty(globalThis, "Worker");
const { getBuiltinModule } = process;
process.getBuiltinModule =
  ((name: string) =>
    name === "node:worker_threads"
      ? undefined
      : getBuiltinModule(name)) as typeof getBuiltinModule;

const [weights, ...paths] = process.argv.slice(2);
const { createHandler } = await import("@layertap/resnet/serve");
const handler = createHandler({
  outputLayer: "avgpool",
  pretrained: weights,
  model: { memory: "small" },
});
const ask = async (path: string, body?: Uint8Array<ArrayBuffer>) => {
  const method = body ? "POST" : "GET";
  const url = `http://localhost${path}`;
  const response = await handler(new Request(url, { method, body }));
  return await response.json();
};
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (const path of paths) {
  const body = new Uint8Array(await readFile(path));
  const { pictures } = await ask("/features?layer=avgpool", body);
  const features = pictures[0].features.avgpool.flat(2);
  const { network } = await ask("/healthz");
  console.log(JSON.stringify({ pid: process.pid, features, network }));
  await input.next();
}
process.exit();
