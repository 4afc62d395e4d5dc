import assert from "node:assert/strict";
import { createModel, decodeImage } from "../../mod.ts";
import { fetchReason } from "../../src/runtime/fetch_reason.ts";

Deno.test("fetchReason: the innermost cause", () => {
  const refused = Object.assign(new Error(""), { code: "ECONNREFUSED" });
  const both = Object.assign(new Error(""), { errors: [refused] });
  const failed = new TypeError("fetch failed", { cause: both }); // As in Node.
  assert.equal(fetchReason(failed), "ECONNREFUSED");
  const deno = new Error(
    "error sending request for url (http://a.b/c): client error (Connect): dns error",
  );
  assert.equal(
    fetchReason(new TypeError("fetch failed", { cause: deno })),
    "dns error",
  );
  assert.equal(
    fetchReason(new TypeError("Failed to fetch")),
    "Failed to fetch",
  );
  assert.equal(fetchReason("why"), "why");
});

Deno.test("a server that isn't there: the message says so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/cat.jpg`;
  listener.close();
  const message = new RegExp(`^Error: cannot fetch ${url}: .*refused`);
  await assert.rejects(decodeImage(url), message);
  const settings = { retryDelay: () => 0, cache: false };
  await assert.rejects(
    createModel("resnet18", null, url, settings),
    message,
  );
});
