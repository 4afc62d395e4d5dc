/**
 * What Supabase's functions are like: Deno 2.1 without threads. For each picture of its arguments it
 * prints the features, and waits for a line.
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

const { createHandler } = await import("@layertap/resnet/serve");
const handler = createHandler({
  outputLayer: "avgpool",
  model: { memory: "small" },
});
const ask = async (path: string, body?: Uint8Array<ArrayBuffer>) => {
  const method = body ? "POST" : "GET";
  const url = `http://localhost${path}`;
  const response = await handler(new Request(url, { method, body }));
  return await response.json();
};
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (const picture of process.argv.slice(2)) {
  const body = new Uint8Array(await readFile(picture));
  const { pictures } = await ask("/features?layer=avgpool", body);
  const features = pictures[0].features.avgpool.flat(2);
  const { network } = await ask("/healthz");
  console.log(JSON.stringify({ pid: process.pid, features, network }));
  await input.next();
}
process.exit();
