// stock: no, it tests HTTP, not the kernels
/** Malicious requests. */

import assert from "node:assert/strict";
import { jpegBomb, pngBomb, pngExtra } from "../../scripts/attack/pictures.ts";
import { ask, chelsea, post, refused, tinyHandler } from "./support.ts";

Deno.test("small files with a huge number of pixels", async () => {
  await using handler = tinyHandler({ limits: { maxPixels: 1_000_000 } });
  await handler.ready();
  for (const [width, height] of [[1001, 1000], [100_000, 11], [3, 400_000]]) {
    const bomb = pngBomb(width, height);
    assert(bomb.length < 10_000);
    await refused(
      handler,
      post("/features", bomb),
      413,
      /maxPixels is 1000000/,
    );
  }
  const whole = await ask(
    handler,
    post("/features?pool=avg", pngBomb(1000, 1000)),
  );
  assert.equal(whole.status, 200);
  const lying = chelsea.slice();
  new DataView(lying.buffer).setUint32(16, 0x7fffffff);
  await refused(handler, post("/features", lying), 422, /CRC/);
});

Deno.test("colour profiles and texts that are huge when decompressed", async () => {
  await using handler = tinyHandler();
  for (const type of ["iCCP", "zTXt"] as const) {
    const bomb = pngBomb(10, 10, [pngExtra(type, 1 << 28)]);
    const before = Deno.memoryUsage().rss;
    const response = await ask(handler, post("/features?layer=fc", bomb));
    await response.body?.cancel();
    assert([200, 422].includes(response.status), `${type}: ${response.status}`);
    assert(Deno.memoryUsage().rss - before < 250e6, `${type} was unpacked`);
  }
});

Deno.test("pictures that take too long to decode cost only their thread", async () => {
  const limits = { seconds: 1.5, maxPixels: 1e8 };
  await using handler = tinyHandler({ thread: true, limits });
  await handler.ready();
  await refused(
    handler,
    post("/features", jpegBomb(100, 64)),
    422,
    /more than 64 scans/,
  );
  const bomb = jpegBomb(9000, 63);
  assert(bomb.length < 1_000_000, `${bomb.length} bytes`);
  const form = new FormData();
  for (let i = 0; i < 8; i++) form.append("image", new Blob([bomb]));
  await refused(handler, post("/features", form), 504, /within 1.5 seconds/);
  for (let i = 0;; i++) {
    const response = await ask(handler, post("/features?layer=fc", chelsea));
    await response.body?.cancel();
    if (response.status === 200) break;
    assert([503, 504].includes(response.status), `${response.status}`);
    assert(i < 10, "the network doesn't come back");
  }
});

Deno.test("more features than fit in one answer", async () => {
  await using handler = tinyHandler({ limits: { answerBytes: 1_000_000 } });
  const all = "conv1,bn1,relu,maxpool,layer1";
  await refused(
    handler,
    post(`/features?layer=${all}`, chelsea),
    422,
    /the features have 11239424 bytes; the limit is 1000000 bytes/,
  );
  const pooled = await ask(
    handler,
    post(`/features?layer=${all}&pool=max`, chelsea),
  );
  assert.equal(pooled.status, 200);
  await pooled.body?.cancel();
});

Deno.test("answers that nobody fetches time out", async () => {
  const limits = { requests: 2, seconds: 2, answerBytes: 1e8 };
  const handler = tinyHandler({ limits });
  await handler.ready();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => handler(request),
  );
  const { port } = server.addr;
  const origin = `http://127.0.0.1:${port}`;
  const ask = async (layer: string) => {
    const response = await fetch(`${origin}/features?layer=${layer}`, {
      method: "POST",
      body: chelsea,
      headers: { accept: "application/x-npz" },
    });
    const { length } = await response.bytes();
    return { status: response.status, length };
  };
  /** Waits until this number of requests is in progress. */
  const inside = async (count: number) => {
    for (let i = 0; i < 200; i++) {
      const { requests } = await (await fetch(`${origin}/healthz`)).json();
      if (requests === count) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`there are never ${count} requests in progress`);
  };
  const layers = "conv1,bn1,relu,maxpool,layer1,layer1.0.conv1,layer1.0.bn1";
  const whole = await ask(layers);
  assert.equal(whole.status, 200);
  // More than the system's buffers can hold.
  assert(whole.length > 12_000_000);

  const connections: Deno.TcpConn[] = [];
  for (const _ of [1, 2]) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connections.push(connection);
    const head = `POST /features?layer=${layers} HTTP/1.1\r\nhost: x\r\n` +
      `accept: application/x-npz\r\ncontent-length: ${chelsea.length}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(head));
    for (let at = 0; at < chelsea.length;) {
      at += await connection.write(chelsea.subarray(at));
    }
  }
  await inside(2);
  assert.equal((await ask("fc")).status, 429);
  await inside(0);
  assert.equal((await ask("fc")).status, 200);
  for (const connection of connections) connection.close();
  await handler.close();
  await server.shutdown();
});
