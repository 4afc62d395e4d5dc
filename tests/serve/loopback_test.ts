/** The server answers only to its own names, and never with NaN. */

import assert from "node:assert/strict";
import { createHandler } from "../../src/serve/mod.ts";
import { createModel } from "../../mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "../weights/pth_writer.ts";
import { ask, chelsea, post, refused, tiny, tinyHandler } from "./support.ts";

Deno.test("421: a host that isn't loopback's", async () => {
  await using handler = tinyHandler({ onlyLoopback: true });
  const get = (host: string, url = `http://${host}/openapi.json`) =>
    new Request(url, { headers: { host } });
  for (
    const host of [
      "localhost",
      "LOCALHOST:8000",
      "a.localhost",
      "127.0.0.1:1",
      "127.9.9.9",
      "[::1]:8000",
    ]
  ) {
    const response = await ask(handler, get(host));
    assert.equal(response.status, 200, host);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    await response.body?.cancel();
  }
  for (
    const host of [
      "example.org",
      "example.org:8000",
      "127.0.0.1.example.org",
      "localhost.example.org",
      "0.0.0.0",
      "192.168.0.1",
    ]
  ) {
    await refused(handler, get(host), 421, /expected a host such as localhost/);
    const url = "http://127.0.0.1/openapi.json";
    await refused(handler, get(host, url), 421, /expected a host/);
  }
  await using open = tinyHandler();
  const response = await ask(open, get("example.org"));
  assert.equal(response.status, 200);
  await response.body?.cancel();
});

Deno.test("500 with its reason: features that are NaN; a warning when loading", async () => {
  const path = "out/test/serve_negative.pth";
  const checkpoint = formulaCheckpoint(tiny);
  const { read } = checkpoint;
  await writePth({
    ...checkpoint,
    async read(name) {
      const values = await read.call(checkpoint, name);
      return name === "layer4.0.bn2.running_var"
        ? values.map(() => -1)
        : values;
    },
  }, path);
  const warnings: string[] = [];
  using model = await createModel(tiny, null, path, {
    warn: (message) => warnings.push(message),
  });
  assert.deepEqual(warnings, [
    `"${path}" has variances below zero in layer4.0.bn2.running_var; ` +
    "features will be NaN",
  ]);
  assert.equal(model.arch, "tiny");
  await using handler = createHandler({
    arch: tiny,
    pretrained: path,
    thread: false,
  });
  const reason = /computes NaN or infinite .*weights may be damaged/;
  for (
    const path of [
      "/features?layer=layer3,layer4.0.bn2",
      "/picture?layer=layer4.0.bn2&maps=4",
    ]
  ) {
    await refused(handler, post(path, chelsea), 500, reason);
  }
  const response = await ask(handler, post("/features?layer=layer3", chelsea));
  assert.equal(response.status, 200);
  await response.body?.cancel();
});
