// stock: no, it tests HTTP, not the kernels
/** Every status that the handler refuses requests with, and the problem's detail. */

import assert from "node:assert/strict";
import { createHandler, type LogEntry } from "../../src/serve/mod.ts";
import {
  asJson,
  ask,
  chelsea,
  form,
  post,
  refused,
  rocket,
  tinyHandler,
} from "./support.ts";

Deno.test("400: invalid parameters and bodies", async () => {
  await using handler = tinyHandler({ allowedHosts: ["localhost"] });
  const cases: [string, RegExp][] = [
    [
      "/features?layer=layre4",
      /tiny up to "fc" has no layer "layre4".*"layer4"/,
    ],
    ["/features?layer=layer4,", /no layer ""/],
    ["/features?layer=__proto__", /no layer "__proto__"/],
    ["/features?layer=layer1&layer=layer2", /layer is given twice/],
    [
      "/features?pool=sum",
      /pool: expected "none", "avg", .* or "gem", got "sum"/,
    ],
    ["/features?top=5", /unknown parameter "top"; this path takes layer, pool/],
    ["/classify?top=0", /top: expected an integer of at least 1, got 0/],
    ["/classify?top=1e3", /top: .* got "1e3"/],
    ["/picture?layer=layer1&maps=65", /65/],
    ["/picture?layer=layer1&maps=2&strongest=2", /one of maps, strongest/],
  ];
  for (const [path, detail] of cases) {
    await refused(handler, post(path, chelsea), 400, detail);
  }
  const boundary = "multipart/form-data; boundary=x";
  for (const type of [boundary, "multipart/form-data"]) {
    const headers = { "content-type": type };
    await refused(
      handler,
      post("/features", "no form", { headers }),
      400,
      /the form can't be parsed/,
    );
  }
  for (const list of ["", "{}", "[1]", "nul", '["http://localhost/a"']) {
    await refused(
      handler,
      post("/features", list, { headers: asJson }),
      400,
      /the list can't be parsed|expected a JSON list/,
    );
  }
  const get = new Request("http://localhost/summary?style=keras");
  await refused(handler, get, 400, /style: .* got "keras"/);
});

Deno.test("404 and 405", async () => {
  await using handler = tinyHandler();
  for (const path of ["/", "/feature", "/features/", "/toString", "/%2e"]) {
    await refused(handler, post(path, chelsea), 404, /\/features/);
  }
  const cases: [string, string, string][] = [
    ["GET", "/features", "POST"],
    ["DELETE", "/healthz", "GET"],
    ["toString", "/picture", "POST"],
    ["HEAD", "/classify", "POST"],
  ];
  for (const [method, path, allow] of cases) {
    const request = new Request(`http://localhost${path}`, { method });
    const response = await refused(handler, request, 405, /takes/);
    assert.equal(response.headers.get("allow"), allow);
  }
});

Deno.test("406: a type that is not available", async () => {
  await using handler = tinyHandler();
  const accepting = (path: string, accept: string) =>
    post(path, chelsea, { headers: { accept } });
  await refused(handler, accepting("/features", "text/html"), 406, /x-npz/);
  await refused(
    handler,
    accepting("/features?layer=fc,flatten", "application/x-npy"),
    406,
    /this path returns application\/json/,
  );
  await refused(handler, accepting("/classify", "image/png"), 406, /json/);
  await refused(
    handler,
    accepting("/picture?layer=layer1", "image/png;q=0"),
    406,
    /image\/png/,
  );
  const headers = { accept: "image/png" };
  const summary = new Request("http://localhost/summary", { headers });
  await refused(handler, summary, 406, /text\/plain/);
});

Deno.test("408: a body that doesn't arrive in time", async () => {
  await using handler = tinyHandler({ limits: { bodySeconds: 0.1 } });
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(chelsea.slice(0, 10)),
  });
  // A time limit alone doesn't keep the process alive.
  const timer = setTimeout(() => {}, 10_000);
  await refused(handler, post("/features", body), 408, /for 0.1 seconds/);
  clearTimeout(timer);
});

Deno.test("413: too many bytes, pixels, pictures", async () => {
  const limits = { maxBytes: 300_000, maxPixels: 200_000 };
  await using handler = tinyHandler({ limits, batchSize: 2 });
  const large = new Uint8Array(300_001);
  await refused(handler, post("/features", large), 413, /300000 bytes/);
  const pulled: number[] = [];
  const endless = new ReadableStream({
    pull(controller) {
      pulled.push(100_000);
      controller.enqueue(new Uint8Array(100_000));
    },
  });
  await refused(handler, post("/features", endless), 413, /300000 bytes/);
  assert(pulled.length <= 5, "it continues to read");
  const claim = { headers: { "content-length": "1e9" } };
  await refused(handler, post("/features", chelsea, claim), 413, /300000/);
  await refused(handler, post("/features", rocket), 413, /273280 pixels/);
  const start = rocket.slice(0, 99);
  const three = form({ "a.jpg": start, "b.jpg": start, "c.jpg": start });
  await refused(
    handler,
    post("/features", three),
    413,
    /got more than 2 pictures/,
  );
});

Deno.test("415: not a picture, or an unsupported one", async () => {
  await using handler = tinyHandler();
  await refused(handler, post("/features", "a text"), 415, /text\/plain/);
  await refused(
    handler,
    post("/features", new URLSearchParams({ a: "b" })),
    415,
    /curl -F/,
  );
  const gif = new TextEncoder().encode("GIF89a and so on");
  await refused(
    handler,
    post("/features", gif),
    415,
    /"body": it is a GIF; JPEG, PNG and WebP are supported/,
  );
  const zipped = { headers: { "content-encoding": "gzip" } };
  await refused(handler, post("/features", chelsea, zipped), 415, /got gzip/);
  await refused(
    handler,
    post("/features", '["http://localhost/a.png"]', { headers: asJson }),
    415,
    /does not fetch URLs/,
  );
});

Deno.test("422: valid requests that can't be fulfilled", async () => {
  await using handler = tinyHandler();
  await refused(handler, post("/features"), 422, /"body": it is empty/);
  const noFile = new FormData();
  noFile.append("image", "chelsea.png");
  await refused(
    handler,
    post("/features", noFile),
    422,
    /the request has no picture/,
  );
  const cut = form({ "whole.png": chelsea, "cut.png": chelsea.slice(0, 9999) });
  await refused(handler, post("/features", cut), 422, /"cut.png".*cut short/);
  await refused(handler, post("/picture?layer=fc", chelsea), 422, /\[4\]/);
  const two = form({ "a.png": chelsea, "b.png": chelsea });
  await refused(handler, post("/picture?layer=layer1", two), 422, /got 2/);
  await using headless = tinyHandler({ outputLayer: "avgpool" });
  await refused(
    headless,
    post("/classify", chelsea),
    422,
    /tiny can't classify: it ends with "avgpool", without a classification head \(fc\)/,
  );
});

Deno.test("429: too many requests at a time; accepted ones are answered", async () => {
  await using handler = tinyHandler({ limits: { requests: 3 } });
  const responses = await Promise.all(
    Array.from({ length: 8 }, () => ask(handler, post("/features", chelsea))),
  );
  const statuses = responses.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 200, 200, 429, 429, 429, 429, 429]);
  for (const response of responses) {
    if (response.status !== 429) continue;
    assert.match(response.headers.get("retry-after")!, /^[1-9]\d*$/);
    assert.match((await response.json()).detail, /the limit is 3 at a time/);
  }
  assert.equal((await ask(handler, post("/features", chelsea))).status, 200);
});

Deno.test("499: a client that disconnected", async () => {
  await using handler = tinyHandler();
  await handler.ready();
  const controller = new AbortController();
  const { signal } = controller;
  const first = ask(handler, post("/features", chelsea));
  const second = ask(handler, post("/features", chelsea, { signal }));
  setTimeout(() => controller.abort());
  assert.equal((await second).status, 499);
  assert.equal((await first).status, 200);
});

Deno.test("500: the details are only in the log", async () => {
  const entries: LogEntry[] = [];
  await using handler = tinyHandler({
    log: (entry) => entries.push(entry),
    decoders: { png: {} as WebAssembly.Module },
  });
  await refused(handler, post("/features", chelsea), 500, /^internal error$/);
  const [{ status, error, path, method, ms }] = entries;
  assert.deepEqual([method, path, status], ["POST", "/features", 500]);
  assert.match(error!, /expected a WebAssembly.Module/);
  assert(ms >= 0);
});

Deno.test("503: a network that can't be loaded; the next request tries again", async () => {
  for (const thread of [false, true]) {
    const entries: LogEntry[] = [];
    await using handler = createHandler({
      arch: "resnet18",
      pretrained: "no/such/file.pth",
      thread,
      log: (entry) => entries.push(entry),
    });
    for (let i = 0; i < 2; i++) {
      const response = await refused(
        handler,
        post("/features", chelsea),
        503,
        /^the network can't be loaded$/,
      );
      assert.equal(response.headers.get("retry-after"), "5");
    }
    assert.match(entries[1].error!, /cannot open "no\/such\/file.pth"/);
    await assert.rejects(handler.ready(), /there is no such file/);
  }
});

Deno.test("503: a server that is stopping, after its last answers", async () => {
  const handler = tinyHandler();
  await handler.ready();
  const running = Array.from(
    { length: 10 },
    () => ask(handler, post("/features", chelsea)),
  );
  const closed = Promise.all([handler.close(), handler.close()]);
  await refused(handler, post("/features", chelsea), 503, /stopping/);
  const health = await ask(handler, new Request("http://localhost/healthz"));
  assert.deepEqual([health.status, (await health.json()).status], [
    503,
    "stopping",
  ]);
  await closed;
  for (const response of await Promise.all(running)) {
    assert.equal(response.status, 200);
  }
  await handler.close();
});

Deno.test("504: no answer in time", async () => {
  await using handler = tinyHandler({ limits: { seconds: 0.001 } });
  const response = await refused(
    handler,
    post("/features", chelsea),
    504,
    /within 0.001 seconds/,
  );
  assert.match(response.headers.get("retry-after")!, /^[1-9]\d*$/);
});

Deno.test("options that are out of bounds", () => {
  assert.throws(() => createHandler({ batchSize: 1.5 }), {
    name: "RangeError",
    message: /batchSize: expected an integer of at least 1, got 1.5/,
  });
  assert.throws(() => createHandler({ limits: { seconds: 0 } }), {
    name: "RangeError",
    message:
      /limits.seconds: expected a number above 0 and up to 1000000, got 0/,
  });
  assert.throws(() => createHandler({ limits: { bodySeconds: Infinity } }), {
    name: "RangeError",
  });
  assert.throws(() => createHandler({ limits: { maxPixels: NaN } }), {
    message: /limits.maxPixels: expected a number above 0, got NaN/,
  });
  for (const host of ["https://example.org", "a/b", "user@example.org", ""]) {
    assert.throws(() => createHandler({ allowedHosts: [host] }), {
      name: "TypeError",
      message: /hosts such as "example.org"/,
    });
  }
});

Deno.test("the number of labels must match the number of classes", async () => {
  await using handler = tinyHandler({ labels: ["ant", "bee"] });
  await assert.rejects(handler.ready(), /2 labels for 4 classes/);
});
