/**
 * Runs a Worker as `wrangler dev` does, in a folder that has wrangler installed; needs Node 22.
 *
 *     node dev.js wrangler.jsonc '{"KERNELS":"own"}'
 *
 * Prints its URL, then for each line on standard input the bytes in the isolate: `heap` and
 * `buffers` at their peak, and `wasm`, which never shrinks. It ends with its standard input.
 */

import process from "node:process";
import { createInterface } from "node:readline";

process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false"; // It would fetch from another host.
process.env.WRANGLER_SEND_METRICS = "false";
const { unstable_startWorker } = await import("wrangler");

// wrangler waits forever for a Worker that fails at start.
const late = setTimeout(() => {
  console.error("the Worker didn't start within a minute");
  process.exit(1);
}, 60_000);
const [config, vars = "{}"] = process.argv.slice(2);
const worker = await unstable_startWorker({
  config,
  bindings: Object.fromEntries(
    Object.entries(JSON.parse(vars))
      .map(([name, value]) => [name, { type: "plain_text", value }]),
  ),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    inspector: { hostname: "127.0.0.1", port: 0 },
    logLevel: "error",
    watch: false,
  },
});
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const url = await worker.url;
const inspector = await connect(await worker.inspectorUrl);
const peak = { heap: 0, buffers: 0 };
const sampling = setInterval(async () => {
  const { totalSize, backingStorageSize } = await inspector.call(
    "Runtime.getHeapUsage",
  );
  peak.heap = Math.max(peak.heap, totalSize);
  peak.buffers = Math.max(peak.buffers, backingStorageSize);
}, 20);
clearTimeout(late);
print(url.href);
for await (const _line of createInterface({ input: process.stdin })) {
  print({ ...peak, wasm: await wasmBytes() });
}
clearInterval(sampling);
await worker.dispose();
process.exit();

/** Opens a session with the inspector, in the Worker's context. */
async function connect(url) {
  const socket = new WebSocket(url, {
    headers: { origin: "http://127.0.0.1" },
  });
  const answers = new Map();
  const call = (method, params) => {
    const id = answers.size;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => answers.set(id, resolve));
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const contextId = await new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const { id, method, params, result } = JSON.parse(data);
      if (method === "Runtime.executionContextCreated") {
        resolve(params.context.id);
      }
      answers.get(id)?.(result);
    };
    call("Runtime.enable");
  });
  return { call, contextId };
}

/** Sums the sizes of all WebAssembly memories. */
async function wasmBytes() {
  const { call, contextId } = inspector;
  const { result: prototype } = await call("Runtime.evaluate", {
    contextId,
    expression: "WebAssembly.Memory.prototype",
  });
  const { objects } = await call("Runtime.queryObjects", {
    prototypeObjectId: prototype.objectId,
  });
  const { result } = await call("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration:
      "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
    returnByValue: true,
  });
  return result.value;
}
