/** A server in a runtime without workers and shared memory; prints its answers as JSON. */

const scope = globalThis as Record<string, unknown>;
delete scope.Worker;
delete scope.SharedArrayBuffer;
const { process } = scope as {
  process: { getBuiltinModule(name: string): unknown };
};
const { getBuiltinModule } = process;
process.getBuiltinModule = (name) =>
  name === "node:worker_threads" ? undefined : getBuiltinModule(name);

const { createHandler } = await import("../../src/serve/mod.ts");
const handler = createHandler();
const ask = async (path: string, body?: Uint8Array<ArrayBuffer>) => {
  const method = body ? "POST" : "GET";
  const response = await handler(
    new Request(`http://localhost${path}`, { method, body }),
  );
  return await response.json();
};
const chelsea = await Deno.readFile("examples/images/chelsea.png");
const { pictures } = await ask("/features", chelsea);
const { network, worker, fallback } = await ask("/healthz");
console.log(JSON.stringify({
  flatten: pictures[0].features.flatten,
  ...{ network, worker, fallback },
}));
await handler.close();
