/** The server goes on when accepting connections fails. */

import assert from "node:assert/strict";
import { listen } from "../../src/cli/listen.ts";

Deno.test("listens again on the same port after it failed", async () => {
  const ports: number[] = [];
  const failures: [string, number][] = [];
  const wait = Promise.withResolvers<void>();
  const fake = (finished: Promise<void>) => ({
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 1234 },
    finished,
    shutdown: () => Promise.resolve(),
  });
  const server = listen(() => Promise.resolve(new Response()), {
    hostname: "127.0.0.1",
    port: 0,
    delay: 1,
    onListen() {},
    onFailure: ({ message }, restarts) => failures.push([message, restarts]),
  }, ({ port }) => {
    ports.push(port!);
    if (ports.length === 3) throw new Error("address in use");
    if (ports.length < 5) {
      const error = new Error("too many open files");
      return fake(Promise.reject(error)) as never;
    }
    wait.resolve();
    return fake(Promise.resolve()) as never;
  });
  await wait.promise;
  await server.finished;
  assert.deepEqual(ports, [0, 1234, 1234, 1234, 1234]);
  assert.deepEqual(failures, [
    ["too many open files", 1],
    ["too many open files", 2],
    ["address in use", 3],
    ["too many open files", 4],
  ]);
  assert.equal(server.restarts, 4);
});
