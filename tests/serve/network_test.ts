// stock: no, it tests HTTP, not the kernels
/** The handler behind a real server, with difficult clients and other servers. */

import assert from "node:assert/strict";
import type { Handler, HandlerOptions } from "../../src/serve/mod.ts";
import {
  asJson,
  chelsea,
  post,
  refused,
  rocket,
  tinyHandler,
} from "./support.ts";
import { relativeError } from "../support/close.ts";

/** Starts a server on a free port. */
function listen(
  handle: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => handle(request),
  );
}

/** Runs a test against a server, then stops it gracefully. */
async function serving(
  options: HandlerOptions,
  test: (origin: string, port: number, handler: Handler) => Promise<void>,
): Promise<void> {
  const handler = tinyHandler(options);
  await handler.ready();
  const server = listen(handler);
  try {
    await test(
      `http://127.0.0.1:${server.addr.port}`,
      server.addr.port,
      handler,
    );
  } finally {
    await handler.close();
    await server.shutdown();
  }
}

/** Writes to a new connection, and reads the answer. */
async function speak(
  port: number,
  ...parts: (string | Uint8Array)[]
): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = connection.writable.getWriter();
  for (const part of parts) {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : part;
    await writer.write(bytes);
  }
  let text = "";
  for await (
    const chunk of connection.readable.pipeThrough(new TextDecoderStream())
  ) {
    text += chunk;
    if (/\r\n\r\n\{.*\}/.test(text)) break;
  }
  return text;
}

async function health(origin: string) {
  const response = await fetch(`${origin}/healthz`);
  return { code: response.status, ...await response.json() };
}

const features = async (response: Response): Promise<number[]> =>
  (await response.json()).pictures[0].features.flatten;

Deno.test("slow bodies time out without blocking other requests", async () => {
  await serving(
    { limits: { bodySeconds: 0.5, requests: 6 } },
    async (origin, port) => {
      const head =
        "POST /features HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
      const slow = Array.from(
        { length: 5 },
        () => speak(port, head, chelsea.slice(0, 100)),
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal((await health(origin)).requests, 5);
      const response = await fetch(`${origin}/features?layer=flatten`, {
        method: "POST",
        body: chelsea,
      });
      assert.equal(response.status, 200);
      await response.body?.cancel();
      for (const answer of await Promise.all(slow)) {
        assert.match(
          answer,
          /^HTTP\/1.1 408/,
        );
      }
      assert.equal((await health(origin)).requests, 0);
    },
  );
});

Deno.test("connections that are cut during the body and during the answer", async () => {
  await serving({}, async (origin, port) => {
    const head =
      `POST /features HTTP/1.1\r\nhost: x\r\ncontent-length: ${chelsea.length}\r\n\r\n`;
    for (
      const body of [new Uint8Array(), chelsea.slice(0, 1000), chelsea, chelsea]
    ) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const writer = connection.writable.getWriter();
      await writer.write(new TextEncoder().encode(head));
      await writer.write(body);
      connection.close();
    }
    const response = await fetch(`${origin}/features?layer=flatten`, {
      method: "POST",
      body: chelsea,
    });
    assert.equal((await features(response)).length, 512);
    for (let i = 0; (await health(origin)).requests > 0; i++) {
      assert(i < 100, "a request is still in progress");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal((await health(origin)).waiting, 0);
  });
});

Deno.test("413 for a body that is too large, over the network", async () => {
  await serving({ limits: { maxBytes: 1000 } }, async (origin, port) => {
    const response = await fetch(`${origin}/features`, {
      method: "POST",
      body: chelsea,
    });
    assert.equal(response.status, 413);
    await response.body?.cancel();
    const chunked =
      "POST /features HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    const chunk = `${(2000).toString(16)}\r\n${"x".repeat(2000)}\r\n`;
    assert.match(await speak(port, chunked, chunk), /^HTTP\/1.1 413/);
  });
});

Deno.test("400 for an invalid host header", async () => {
  await serving({}, async (_origin, port) => {
    const answer = await speak(
      port,
      "GET /healthz HTTP/1.1\r\nhost: a b:c\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1.1 400/);
  });
});

Deno.test("no accepted request is lost when the server stops", async () => {
  const handler = tinyHandler();
  await handler.ready();
  const server = listen(handler);
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const running = Array.from({ length: 12 }, async () => {
    const response = await fetch(`${origin}/features?layer=flatten`, {
      method: "POST",
      body: chelsea,
    });
    return (await features(response)).length;
  });
  while ((await health(origin)).requests < 12) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await handler.close();
  await server.shutdown();
  assert.deepEqual(await Promise.all(running), Array(12).fill(512));
  await assert.rejects(fetch(`${origin}/healthz`), TypeError);
});

Deno.test("pictures are fetched from allowed hosts only, even after redirects", async () => {
  const asked: string[] = [];
  await using secret = listen(() => {
    asked.push("secret");
    return new Response(chelsea);
  });
  const secretUrl = `http://127.0.0.1:${secret.addr.port}/`;
  let answer = () => {};
  const hanging = new Promise<Response>((resolve) => {
    answer = () => resolve(new Response());
  });
  await using pictures = listen(({ url }) => {
    const { pathname } = new URL(url);
    const redirect = (location: string) =>
      new Response(null, { status: 302, headers: { location } });
    switch (pathname) {
      case "/cat.png":
        return new Response(chelsea);
      case "/rocket.jpg":
        return new Response(rocket);
      case "/moved":
        return redirect("/cat.png");
      case "/away":
        return redirect(secretUrl);
      case "/file":
        return redirect("file:///etc/passwd");
      case "/loop":
        return redirect("/loop");
      case "/page":
        return new Response("<html>");
      case "/huge":
        return new Response(new Uint8Array(600_000));
      case "/hanging":
        return hanging;
      case "/slow":
        return new Response(new ReadableStream({ start() {} }));
      default:
        return new Response("no", { status: 404 });
    }
  });
  const host = `127.0.0.1:${pictures.addr.port}`;
  const list = (...paths: string[]) =>
    post(
      "/features?layer=flatten",
      JSON.stringify(paths.map((path) =>
        path.startsWith("/") ? `http://${host}${path}` : path
      )),
      { headers: asJson },
    );
  await using handler = tinyHandler({
    allowedHosts: [host],
    limits: { maxBytes: 500_000, seconds: 5 },
  });
  const byBody = await features(
    await handler(post("/features?layer=flatten", chelsea)),
  );
  const response = await handler(list("/moved", "/rocket.jpg"));
  const body = await response.json();
  assert.equal(body.pictures[0].name, `http://${host}/moved`);
  assert(relativeError(body.pictures[0].features.flatten, byBody) < 1e-5);
  assert(relativeError(body.pictures[1].features.flatten, byBody) > 0.1);

  const cases: [string, number, RegExp][] = [
    ["/away", 422, /it leads to 127.0.0.1:\d+; allowed hosts are/],
    [secretUrl, 422, /it leads to/],
    [`http://user:word@${host}/cat.png`, 422, /user name or password/],
    [`http://${host}.example.org/cat.png`, 422, /it leads to|it is not a URL/],
    [
      `http://localhost:${pictures.addr.port}/cat.png`,
      422,
      /it leads to localhost/,
    ],
    ["file:///etc/passwd", 422, /it leads to file:/],
    ["/file", 422, /it leads to file:/],
    ["cat.png", 422, /it is not a URL/],
    ["/loop", 422, /more than 5 redirects/],
    ["/missing", 422, /answered 404/],
    ["/page", 415, /HTML page/],
    ["/huge", 413, /500000 bytes/],
  ];
  for (const [path, status, detail] of cases) {
    await refused(handler, list(path), status, detail);
  }
  await refused(handler, list(), 422, /no picture/);
  await refused(
    handler,
    list(...Array(9).fill("/cat.png")),
    413,
    /got 9 pictures/,
  );
  // Each one is small enough, but not all of them together.
  await refused(
    handler,
    list("/cat.png", "/cat.png", "/cat.png"),
    413,
    /bytes/,
  );
  assert.deepEqual(asked, []);

  await using hasty = tinyHandler({
    allowedHosts: [host],
    limits: { bodySeconds: 0.3 },
  });
  await hasty.ready();
  await refused(hasty, list("/slow"), 422, /nothing arrived for 0.3 seconds/);
  await refused(hasty, list("/hanging"), 422, /no answer within 0.3 seconds/);
  answer();
});

Deno.test("in a separate thread the network computes while the server answers", async () => {
  const network = { arch: "mlnet_resnet18", pretrained: true };
  await serving({ thread: true, ...network }, async (origin) => {
    const body = chelsea;
    const work = Promise.all(
      Array.from(
        { length: 6 },
        () =>
          fetch(`${origin}/features?layer=flatten`, { method: "POST", body }),
      ),
    );
    let answers = 0;
    let isDone = false;
    work.finally(() => isDone = true);
    while (!isDone) {
      const { code, requests } = await health(origin);
      assert.equal(code, 200);
      if (requests > 0) answers++;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (const response of await work) {
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
    // In the same thread it could only answer between two batches.
    assert(answers > 10, `only ${answers} answers`);
  });
});
