/**
 * Connections that send half a header, or that use up all files.
 *
 * @module
 */

import assert from "node:assert/strict";
import { answered, type Attack, type Target } from "./attack.ts";

const chelsea = await Deno.readFile("examples/images/chelsea.png");

const good = async (target: Target) =>
  answered(await target.post("/features?pool=avg", chelsea), 200);

/** Opens connections that send the start of a request, and nothing more; some may be reset. */
async function halfSent(port: number, count: number): Promise<Deno.TcpConn[]> {
  const start = "POST /features HTTP/1.1\r\nhost: x\r\nx-y";
  const connections: Deno.TcpConn[] = [];
  await Promise.allSettled(Array.from({ length: count }, async () => {
    // Where no place is left to wait in, connecting takes minutes.
    const signal = AbortSignal.timeout(5000);
    const to = { hostname: "127.0.0.1", port, signal };
    const connection = await Deno.connect(to);
    connections.push(connection);
    await connection.write(new TextEncoder().encode(start));
  }));
  return connections;
}

/** Attacks by connections. */
export const sockets: readonly Attack[] = [
  {
    name: "400 headers half sent",
    target: "server",
    isShort: true,
    good,
    async bad(target) {
      const connections = await halfSent(target.port, 400);
      // They hold no place, and hold up nobody.
      for (let i = 0; i < 5; i++) await good(target);
      const health = await fetch(`${target.server.origin}/healthz`);
      assert.equal((await health.json()).requests, 0);
      for (const connection of connections) connection.close();
      return "400 connections";
    },
  },
  {
    name: "more connections than files",
    target: "server",
    good,
    async bad() {
      const run = "deno run --quiet --no-prompt --no-check --allow-read " +
        "--allow-net=127.0.0.1 src/cli/mod.ts serve --port 0 --threads 1";
      const child = new Deno.Command("bash", {
        args: ["-c", `ulimit -n 128; exec ${run}`],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const lines: string[] = [];
      let port = 0;
      const said = (async () => {
        const text = child.stderr.pipeThrough(new TextDecoderStream());
        for await (const part of text) {
          lines.push(part);
          port ||= Number(/127\.0\.0\.1:(\d+)/.exec(part)?.[1] ?? 0);
        }
      })();
      try {
        const ended = child.status.then(() => assert.fail(lines.join("")));
        while (port === 0) await Promise.race([ended, pause(50)]);
        const connections = await halfSent(port, 200);
        await pause(1000);
        for (const connection of connections) connection.close();
        const origin = `http://127.0.0.1:${port}`;
        let status = 0;
        const latest = performance.now() + 20_000;
        while (status !== 200 && performance.now() < latest) {
          await pause(100);
          const signal = AbortSignal.timeout(2000);
          const response = await fetch(`${origin}/healthz`, { signal })
            .catch(() => null);
          await response?.body?.cancel();
          status = response?.status ?? 0;
        }
        assert.equal(status, 200, lines.join(""));
      } finally {
        child.kill("SIGTERM");
        const ends = child.status.then(() => true);
        const isOver = await Promise.race([ends, pause(10_000)]);
        if (!isOver) child.kill("SIGKILL");
        await said;
        assert(isOver, `SIGTERM doesn't end it: ${lines.join("")}`);
      }
      const again = lines.join("").match(/listening again/g)?.length ?? 0;
      return `200 connections, listened again ${again} times`;
    },
  },
];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
